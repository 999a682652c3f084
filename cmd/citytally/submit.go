package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/event"
)

func newSubmit(g *globals) *cobra.Command {
	t := &target{globals: g}
	var upload ingest.Upload
	var token, lang string
	cmd := &cobra.Command{
		Use:   "submit FILE...",
		Short: "Send files of figures to the gateway and print what became of them",
		Long: `Send files of figures, .csv or .json, to the gateway, as a district would over
HTTP, and print what became of each: how many rows were accepted, and for every
other row where it stands, what was seen, and what to do. "-" is standard input,
in either format.

A CSV file has the header indicator,period,value,unit,stage,status,qualifier,note,
of which the last five may be left out; area and dataset are columns too, or
--area and --dataset. A JSON file is one submission.

The token is --token, or CITYTALLY_TOKEN; on the machine of a running instance it
is found by the area in the instance's tokens file.`,
		Example: `  citytally submit figures.csv --area 320812 --dataset sti-annual
  citytally submit 320812.json --url https://tally.example --token ...
  generate-figures | citytally submit - --area 320812 --dataset sti-annual`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			lang, err := language(lang)
			if err != nil {
				return err
			}
			if err := t.resolve(); err != nil {
				return err
			}
			client, err := t.client(token, upload.Area)
			if err != nil {
				return err
			}
			refused := false
			for _, file := range files {
				receipts, err := sendFile(cmd.Context(), client, cmd.InOrStdin(), file, upload)
				if err != nil {
					return refusal(err, lang)
				}
				for i := range receipts {
					refused = printReceipt(cmd.OutOrStdout(), &receipts[i], lang) || refused
				}
			}
			if refused {
				return &exitError{code: exitRefused}
			}
			return nil
		},
	}
	t.urlFlag(cmd)
	flags := cmd.Flags()
	flags.StringVar(&upload.Area, "area", "", "`code` of the area the figures are of, where the file does not say")
	flags.StringVar(&upload.Dataset, "dataset", "", "`id` of the dataset, where the file does not say")
	flags.StringVar(&upload.Reason, "reason", "", "why figures are revised, or the same content is sent once more")
	flags.DurationVar(&upload.Wait, "wait", 30*time.Second, "how long to wait for the verdict; 0 does not")
	flags.StringVar(&token, "token", os.Getenv("CITYTALLY_TOKEN"), "bearer `token` of the area")
	flags.StringVar(&lang, "lang", "", "zh or en; default by the locale")
	return cmd
}

// client finds the gateway and the token to show it.
func (t *target) client(token, area string) (*ingest.Client, error) {
	url, err := t.gateway()
	if err != nil {
		return nil, err
	}
	if token == "" {
		file := t.settings.TokensFile()
		tokens, err := ingest.LoadTokens(file)
		if err != nil {
			return nil, usage(fmt.Errorf("no token given (--token) and none to be found here: %w", err))
		}
		if area == "" {
			area = ingest.AnyArea
		}
		var ok bool
		if token, ok = tokens.Plain(area); !ok {
			return nil, usage(fmt.Errorf("%s holds no token in plain text for area %s; check the code, or give a token with --token", file, area))
		}
	}
	return &ingest.Client{BaseURL: url, Token: token, Via: "cli"}, nil
}

func sendFile(ctx context.Context, client *ingest.Client, stdin io.Reader, file string, upload ingest.Upload) ([]ingest.Receipt, error) {
	content := bufio.NewReader(stdin)
	upload.File = ""
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		content, upload.File = bufio.NewReader(f), filepath.Base(file)
	}
	upload.Content = content
	switch ext := strings.ToLower(filepath.Ext(file)); ext {
	case ".csv":
		upload.ContentType = "text/csv"
	case ".json":
		upload.ContentType = "application/json"
	case "":
		upload.ContentType = contentType(content)
	default:
		return nil, usage(fmt.Errorf("%s: want a .csv or .json file, got %s; in Excel save as CSV UTF-8", file, ext))
	}
	return client.Submit(ctx, upload)
}

// contentType tells JSON from CSV where no file name says it: a document of
// JSON begins with a brace, a header of columns does not.
func contentType(r *bufio.Reader) string {
	start, _ := r.Peek(r.Size())
	if bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(start, []byte("\uFEFF"))), []byte("{")) {
		return "application/json"
	}
	return "text/csv"
}

// refusal says a gateway's refusal in the reader's language.
func refusal(err error, lang string) error {
	var p *ingest.Problem
	if errors.As(err, &p) && lang == "zh" && p.DetailZH != "" {
		return &exitError{code: exitRefused, err: errors.New(p.Chinese())}
	}
	if p != nil {
		return &exitError{code: exitRefused, err: err}
	}
	return err
}

// words in both languages, by the English ones.
var receiptWords = map[string]map[string]string{
	"zh": {
		"accepted": "已采用", "partial": "部分采用", "rejected": "未采用", "received": "已收到，尚未审核",
		"repeated": "（内容与先前报送相同，未重复入库；确需再次报送请用 --reason 注明原因）", "rows": "共 %d 行", "of": "采用 %d 行，共 %d 行", "comma": "，", "row": "行号", "column": "列", "seen": "填报内容", "message": "说明",
	},
	"en": {
		"accepted": "accepted", "partial": "partly accepted", "rejected": "rejected", "received": "received, not judged yet",
		"repeated": " (same content as before, not stored again; --reason sends it once more)", "rows": "%d rows", "of": "%d of %d rows", "comma": ", ", "row": "row", "column": "column", "seen": "seen", "message": "what to do",
	},
}

// seenWidth is how much of what was seen a table shows, in columns.
const seenWidth = 40

// printReceipt prints what became of a submission and reports whether anything
// in it was refused.
func printReceipt(w io.Writer, r *ingest.Receipt, lang string) (refused bool) {
	words := receiptWords[lang]
	name := r.Area + " " + r.Dataset
	if r.File != "" {
		name = r.File + " → " + name
	}
	repeated := ""
	if r.Repeated || r.Verdict != nil && r.Verdict.Repeated {
		repeated = words["repeated"]
	}
	rows := fmt.Sprintf(words["rows"], r.Rows)
	if r.Verdict != nil {
		rows = fmt.Sprintf(words["of"], r.Verdict.Accepted, r.Rows)
	}
	fmt.Fprintf(w, "%s  %s%s%s%s  %s\n", name, words[r.Status], words["comma"], rows, repeated, r.ID)
	if r.Verdict == nil {
		return false
	}
	if len(r.Verdict.Findings) > 0 {
		findings := newTable(w, table.Row{words["row"], words["column"], words["seen"], words["message"]})
		for i := range r.Verdict.Findings {
			f := &r.Verdict.Findings[i]
			findings.AppendRow(table.Row{f.Row, f.Column, text.Snip(f.Seen, seenWidth, "…"), message(f, lang)})
		}
		findings.Render()
	}
	return r.Verdict.Outcome != event.AllAccepted
}

func message(f *event.Finding, lang string) string {
	if lang == "zh" {
		return f.MessageZH
	}
	return f.MessageEN
}
