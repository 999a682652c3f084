package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/configs"
)

const rootLong = `citytally takes the figures that districts report and keeps the city's totals:
exact, up to date, each with the inputs it was computed from.

  citytally demo                      see it work, on sample figures of 淮安
  citytally run                       run the pipeline
  citytally submit figures.csv        send a file to it
  citytally report --period 2021      print the city's totals
  citytally explain gdp --period 2021 tell what a total follows from

Settings come from a YAML file (--config), from environment variables
(CITYTALLY_...), and from flags, the later over the earlier; "citytally config
show" prints them.

Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 nothing runs there,
4 not everything submitted was accepted, or an audit found differences.`

// globals are the flags of every command.
type globals struct {
	config string
	dir    string
	level  string
}

func newRoot() *cobra.Command {
	g := &globals{}
	root := &cobra.Command{
		Use: "citytally", Short: "The city's totals, from what its districts report", Long: rootLong,
		SilenceUsage: true, SilenceErrors: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags := root.PersistentFlags()
	flags.StringVar(&g.config, "config", os.Getenv("CITYTALLY_CONFIG"), "settings `file` (YAML)")
	flags.StringVar(&g.dir, "dir", "", "data `directory`, by which commands also find a running instance")
	flags.StringVar(&g.level, "log-level", "", "least `level` to log: debug, info, warn or error")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.AddCommand(
		newDemo(g), newRun(g), newSubmit(g), newBench(g), newReport(g), newExplain(g), newRelease(g), newAudit(g), newAssess(g), newCatalogue(g), newRecompute(g), newStatus(g), newSQL(g), newDead(g), newReplay(g),
		newLock(g), newUnlock(g), newReopen(g), newConfig(g), newMetrics(), newVersion(), newEngine(),
	)
	checkArguments(root)
	completeWords(root)
	return root
}

// checkArguments makes wrong arguments of any command a usage error.
func checkArguments(command *cobra.Command) {
	if check := command.Args; check != nil {
		command.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usage(fmt.Errorf("%w; see %s --help", err, cmd.CommandPath()))
			}
			return nil
		}
	}
	for _, sub := range command.Commands() {
		checkArguments(sub)
	}
}

// settings loads the settings and lays the flags over them.
func (g *globals) settings() (*configs.Settings, error) {
	s, err := configs.Load(g.config, os.Environ())
	if err != nil {
		return nil, usage(fmt.Errorf("settings:\n%w", err))
	}
	if g.dir != "" {
		s.Dir = g.dir
	}
	if s.Dir, err = filepath.Abs(cmp.Or(s.Dir, defaultDir("data"))); err != nil {
		return nil, fmt.Errorf("find the data directory: %w", err)
	}
	if g.level != "" {
		if _, err := zerolog.ParseLevel(g.level); err != nil {
			return nil, usage(fmt.Errorf("--log-level: want trace, debug, info, warn or error, got %q", g.level))
		}
		s.Log.Level = g.level
	}
	return s, nil
}

// defaultDir is where data go unless something else is said: below XDG's data
// directory, or the home directory's usual place for it.
func defaultDir(name string) string {
	base := os.Getenv("XDG_DATA_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return filepath.Join("citytally", name)
		}
		base = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(base, "citytally", name)
}

// newLogger writes for a person on a terminal and JSON anywhere else, unless the
// settings say.
func newLogger(w io.Writer, c configs.Log) (zerolog.Logger, error) {
	level, err := zerolog.ParseLevel(c.Level)
	if err != nil {
		return zerolog.Nop(), fmt.Errorf("log.level: %w", err)
	}
	if c.Format == "console" || c.Format == "auto" && terminal(w) {
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: time.TimeOnly, NoColor: !terminal(w)}
	}
	return zerolog.New(zerolog.SyncWriter(w)).Level(level).With().Timestamp().Logger(), nil
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// language is the reader's: of the flag, else of the locale.
func language(flag string) (string, error) {
	switch flag {
	case "zh", "en":
		return flag, nil
	case "":
	default:
		return "", usage(fmt.Errorf("--lang: want zh or en, got %q", flag))
	}
	if strings.HasPrefix(cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG")), "zh") {
		return "zh", nil
	}
	return "en", nil
}

// oneOf checks a flag that takes one of a few words.
func oneOf(flag, got string, want ...string) error {
	for _, w := range want {
		if got == w {
			return nil
		}
	}
	return usage(fmt.Errorf("--%s: want %s, got %q", flag, strings.Join(want, ", "), got))
}

var errNoInstance = errors.New("nothing runs here")
