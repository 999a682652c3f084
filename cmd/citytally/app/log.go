package app

import (
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs"
)

// NewLogger writes for a person on a terminal and JSON anywhere else, unless the
// settings choose one of the two.
func NewLogger(w io.Writer, c configs.Log) (zerolog.Logger, error) {
	level, err := zerolog.ParseLevel(c.Level)
	if err != nil {
		return zerolog.Nop(), Usage(fmt.Errorf("log.level: %w", err))
	}
	terminal := present.IsTerminal(w)
	if c.Format == "console" || c.Format == "auto" && terminal {
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: time.TimeOnly, NoColor: !terminal}
	}
	return zerolog.New(zerolog.SyncWriter(w)).Level(level).With().Timestamp().Logger(), nil
}
