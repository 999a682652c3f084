package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs"
)

const rootLong = `citytally takes the figures that districts report and keeps the city's totals:
exact, up to date, each with the inputs it was computed from.

  citytally demo                      see it work, on sample figures of 淮安
  citytally run                       run the pipeline
  citytally submit figures.csv        send a file to it
  citytally report --period 2021      print the city's totals
  citytally explain gdp --period 2021 tell what a total follows from
  citytally docs                      list the pages of the documentation

Settings come from a YAML file (--config), from environment variables
(CITYTALLY_...), and from flags, the later over the earlier; "citytally config
show" prints them.

Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 nothing runs there,
4 not everything submitted was accepted, or an audit found differences.`

// globals are the flags of every command.
type globals struct {
	config string
	dir    string
	level  choice
	// oneOfTwo is set where a command uses other settings besides, with the same environment.
	oneOfTwo bool
}

func newRoot() *cobra.Command {
	g := &globals{level: choice{words: []string{"debug", "info", "warn", "error"}, unlisted: []string{"", "trace", "fatal", "panic", "disabled"}}}
	root := &cobra.Command{
		Use: "citytally", Short: "The city's totals, from what its districts report", Long: rootLong,
		SilenceUsage: true, SilenceErrors: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags := root.PersistentFlags()
	flags.StringVar(&g.config, "config", os.Getenv("CITYTALLY_CONFIG"), "settings `file` (YAML)")
	flags.StringVar(&g.dir, "dir", "", "data `directory`, by which commands also find a running instance")
	flags.Var(&g.level, "log-level", "least `level` to log: "+g.level.list())
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		wrong, isWord := errors.AsType[*wordError](err)
		if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok && isWord {
			err = fmt.Errorf("--%s: %w", invalid.GetFlag().Name, wrong)
		}
		return app.Usage(err)
	})
	root.AddCommand(
		newDemo(g),
		newRun(g),
		newServe(g),
		newSubmit(g),
		newReceipt(g), newOriginal(g), newPull(g),
		newTemplate(g),
		newBench(g),
		newReport(g),
		newExplain(g),
		newRelease(g),
		newAudit(g),
		newAssess(g),
		newCatalogue(g),
		newCalendar(g),
		newCoverage(g),
		newRules(g),
		newHold(g),
		newRecompute(g),
		newSchedule(g),
		newStatus(g),
		newSQL(g),
		newDead(g),
		newJournal(g),
		newToken(g),
		newCredentials(g),
		newSkip(g),
		newReplay(g),
		newBackup(g), newRestore(g), newMove(g),
		newSetup(g),
		newLock(g), newUnlock(g), newReopen(g), newConfig(g), newMetrics(), newDocs(), newVersion(), newEngine(),
	)
	checkArguments(root)
	completeWords(root)
	return root
}

// checkArguments makes wrong arguments of a command, or of one below it, a usage
// error.
func checkArguments(command *cobra.Command) {
	if check := command.Args; check != nil {
		command.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return app.Usage(fmt.Errorf("%w; see %s --help", err, cmd.CommandPath()))
			}
			return nil
		}
	}
	for _, sub := range command.Commands() {
		checkArguments(sub)
	}
}

// settings loads the settings and sets in them what the flags say.
func (g *globals) settings() (*configs.Settings, error) {
	load := configs.Load
	if g.oneOfTwo {
		load = configs.LoadOneOfTwo
	}
	s, err := load(g.config, os.Environ())
	if err != nil {
		return nil, app.Usage(fmt.Errorf("settings:\n%w", err))
	}
	if g.dir != "" {
		s.Dir = g.dir
	}
	if s.Dir, err = filepath.Abs(cmp.Or(s.Dir, app.DefaultDir("data"))); err != nil {
		return nil, fmt.Errorf("find the data directory: %w", err)
	}
	if g.level.value != "" {
		s.Log.Level = g.level.value
	}
	return s, nil
}

// logger loads the settings and returns the logger that they describe.
func (g *globals) logger(cmd *cobra.Command) (*configs.Settings, zerolog.Logger, error) {
	s, err := g.settings()
	if err != nil {
		return nil, zerolog.Nop(), err
	}
	logger, err := app.NewLogger(cmd.ErrOrStderr(), s.Log)
	return s, logger, err
}

// client returns a client of the instance, or of the servers at the addresses.
func (g *globals) client(a client.Addresses) (*client.Client, error) {
	s, err := g.settings()
	if err != nil {
		return nil, err
	}
	return client.New(s, a)
}

// asking returns a client as g.client does, and a printer of its answers.
func (g *globals) asking(cmd *cobra.Command, a client.Addresses, lang *languageFlag) (*client.Client, *present.Printer, error) {
	c, err := g.client(a)
	if err != nil {
		return nil, nil, err
	}
	printer, err := c.Printer(cmd.Context(), lang.language())
	return c, printer, err
}

// localeLanguage returns the language of the locale; English for all but Chinese.
func localeLanguage() present.Language {
	if strings.HasPrefix(cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG")), "zh") {
		return present.Chinese
	}
	return present.English
}
