package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest"
	uploader "github.com/citytally/citytally/ingest/client"
	"github.com/citytally/citytally/ingest/event"
)

func newSubmit(g *globals) *cobra.Command {
	var a client.Addresses
	var upload uploader.Upload
	var token string
	var dry bool
	var lang *languageFlag
	var yes *bool
	cmd := &cobra.Command{
		Use:   "submit FILE...",
		Short: "Send files of figures to the gateway and print what became of them",
		Long: `Send files of figures to the gateway, as a district would over HTTP, and print
what became of each: what the file was taken for, how many rows were accepted,
and for every other row where it stands, what was seen, and what to do. "-" is
standard input.

A file is an Excel workbook (.xlsx), CSV or TSV in any usual encoding, JSON,
NDJSON or SDMX-CSV, or one of these in a gzip or zip archive; what it is, its
content says. One figure in each row, with the columns indicator, period and
value, or a table with periods, indicators or areas across; see citytally docs
pushing. What a file does not say, --area, --dataset and --period do.

On a terminal, what was understood and what would change is shown first, and the
file is sent once you say yes; --yes sends it at once. A script is not asked.

The token is --token, or CITYTALLY_TOKEN; on the machine of a running instance it
is found by the area in the instance's tokens file.

Of several files, or of a pattern such as '2022/*.xlsx', each is sent by itself: one
that is refused does not keep the others back.`,
		Example: `  citytally submit figures.csv --area 320812 --dataset sti-annual
  citytally submit 季报.xlsx --area 320812 --dataset sti-quarterly --period 2022-Q3 --sheet 表1
  citytally submit figures.csv --area 320812 --dataset sti-annual --again
  citytally submit 季报.xlsx --area 320812 --dataset sti-quarterly --period 2022-Q3 --dry-run
  citytally submit 320812.json --url https://tally.example --token ...
  generate-figures | citytally submit - --area 320812 --dataset sti-annual`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			c, err := g.client(a)
			if err != nil {
				return err
			}
			gateway, err := c.Gateway(token, upload.Area)
			if err != nil {
				return err
			}
			if files, err = client.Expand(files); err != nil {
				return err
			}
			if len(files) > 1 && upload.Key != "" {
				return app.Usage(errors.New("--key names one upload: send the files one by one, each with a key of its own"))
			}
			refused := false
			for i, file := range files {
				if len(files) > 1 {
					fmt.Fprintf(cmd.ErrOrStderr(), "%d/%d %s\n", i+1, len(files), file)
				}
				verdicts, err := submitOne(cmd, gateway, file, upload, dry, asks(cmd, *yes), lang.language())
				if errors.Is(err, errDeclined) && len(files) > 1 {
					continue
				}
				if fault, ok := errors.AsType[*client.RefusedError](err); ok && len(files) > 1 {
					fmt.Fprintf(cmd.ErrOrStderr(), "%s: %v\n", file, fault)
					refused = true
					continue
				}
				if err != nil {
					return err
				}
				for _, v := range verdicts {
					refused = refused || v.Outcome != event.AllAccepted
				}
			}
			if refused {
				return silentError(exitRefused)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&a.Gateway, "url", "", "base `URL` of the gateway, instead of that of the instance on --dir")
	flags.StringVar(&upload.Area, "area", "", "`code` of the area the figures are of, where the file does not say")
	flags.StringVar(&upload.Dataset, "dataset", "", "`id` of the dataset, where the file does not say")
	flags.StringVar(&upload.Period, "period", "", "`period` of figures for which the file names none: 2022, 2022-Q3, 2022-06")
	flags.StringVar(&upload.Sheet, "sheet", "", "`name` of the sheet, of a workbook with several tables")
	flags.StringVar(&upload.Reason, "reason", "", "why figures are revised after a lock")
	flags.BoolVar(&upload.Again, "again", false, "take content that was superseded since as a new version")
	flags.BoolVar(&dry, "dry-run", false, "store nothing, and print what would become of the files and of the city's totals")
	flags.StringVar(&upload.Key, "key", "", "idempotency `key`: with the same key the same content is the same submission for ever")
	flags.DurationVar(&upload.Wait, "wait", 30*time.Second, "how long to wait for the verdict, and to try a gateway that takes nothing; 0 does neither")
	flags.StringVar(&token, "token", os.Getenv("CITYTALLY_TOKEN"), "bearer `token` of the area")
	yes = confirmFlag(cmd)
	lang = langFlag(cmd)
	return cmd
}

// submitOne sends a file, or shows what would become of it, and prints the answer; where it is to ask, it
// does both. It returns the verdicts that there are.
func submitOne(cmd *cobra.Command, gateway *uploader.Client, file string, upload uploader.Upload, dry, ask bool, l present.Language) (verdicts []*event.Verdict, err error) {
	if dry {
		return foresee(cmd, gateway, file, upload, l)
	}
	if ask && file != "-" {
		foreseen, err := foresee(cmd, gateway, file, upload, l)
		_, refused := errors.AsType[*client.RefusedError](err)
		_, absent := errors.AsType[*client.AbsentError](err)
		words := &l.Words().DryRun
		question := words.Send
		switch {
		case refused || absent:
			return nil, err
		case err != nil: // of the stage that judges, without which figures are taken all the same
			fmt.Fprintln(cmd.ErrOrStderr(), err)
			question = words.SendUnseen
		case !slices.ContainsFunc(foreseen, func(v *event.Verdict) bool { return v.Outcome != event.Rejected }):
			fmt.Fprintln(cmd.ErrOrStderr(), words.NotSent)
			return foreseen, nil
		}
		if err := askYes(cmd.InOrStdin(), cmd.ErrOrStderr(), question); err != nil {
			return nil, err
		}
	}
	receipts, err := client.SubmitFile(cmd.Context(), gateway, cmd.InOrStdin(), file, upload, l)
	if err != nil {
		return nil, err
	}
	receipts = ingest.Merge(receipts)
	names := client.IndicatorNames(cmd.Context(), gateway, l)
	for i := range receipts {
		if i > 0 {
			receipts[i].Understood = nil // it is that of the file
		}
		present.Receipt(cmd.OutOrStdout(), &receipts[i], names, l)
		if receipts[i].Verdict != nil {
			v := *receipts[i].Verdict
			v.Outcome = event.Outcome(receipts[i].Status) // by now, where it was sent before
			verdicts = append(verdicts, &v)
		}
	}
	return verdicts, nil
}

// foresee prints what would become of a file, and returns the verdicts that it would have.
func foresee(cmd *cobra.Command, gateway *uploader.Client, file string, upload uploader.Upload, l present.Language) (verdicts []*event.Verdict, err error) {
	answer, err := client.DryRunFile(cmd.Context(), gateway, cmd.InOrStdin(), file, upload, l)
	if err != nil {
		return nil, err
	}
	present.DryRun(cmd.OutOrStdout(), answer, client.IndicatorNames(cmd.Context(), gateway, l), l)
	for i := range answer.Verdicts {
		verdicts = append(verdicts, &answer.Verdicts[i])
	}
	return verdicts, nil
}
