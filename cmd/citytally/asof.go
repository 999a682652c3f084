package main

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
)

// What --as-of means, in help texts.
const asOfHelp = "answer from what had been received by this `time`: 2022-02-15T12:00:00+08:00, or a day, which means its end"

// parseAsOf reads an instant, or a day, which means its last millisecond in the
// settings' time zone; "" is the zero time.
func parseAsOf(text string, location *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, location); err == nil {
		return day.AddDate(0, 0, 1).Add(-time.Millisecond), nil
	}
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, usage(fmt.Errorf("--as-of: want a day such as 2022-02-15 or an instant such as 2022-02-15T12:00:00+08:00, got %q", text))
	}
	return instant, nil
}

// past is a command's way to what was known at a moment: the broker's log,
// replayed under the catalogue in use.
type past struct {
	catalogue  *catalogue.Catalogue
	location   *time.Location
	log        *stream.Log
	disconnect func()
}

// past connects to the log of the instance. Call disconnect when done.
func (t *target) past() (*past, error) {
	if err := t.resolve(); err != nil {
		return nil, err
	}
	p := &past{}
	var err error
	if p.location, err = t.settings.Location(); err != nil {
		return nil, usage(err)
	}
	if p.catalogue, err = t.settings.LoadCatalogue(); err != nil {
		return nil, usage(err)
	}
	if p.log, p.disconnect, err = t.log(zerolog.Nop()); err != nil {
		return nil, err
	}
	return p, nil
}

// replay reads what was known at the moment.
func (p *past) replay(ctx context.Context, m ledger.Moment, keep ledger.Keep) (*ledger.History, error) {
	return ledger.Replay(ctx, p.log, p.catalogue, m, keep)
}

// periodFlag adds --period, and asOfFlag --as-of.
func periodFlag(cmd *cobra.Command, into *string) {
	cmd.Flags().StringVar(into, "period", "", "`period`: 2021, 2021-S1, 2021-Q3, 2021-06 or 2021-YTD06")
}

func asOfFlag(cmd *cobra.Command, into *string) { cmd.Flags().StringVar(into, "as-of", "", asOfHelp) }

// parsePeriod reads --period, which has to be given.
func parsePeriod(text, example string) (catalogue.Period, error) {
	if text == "" {
		return catalogue.Period{}, usage(fmt.Errorf("no period: %s", example))
	}
	p, err := catalogue.ParsePeriod(text)
	if err != nil {
		return catalogue.Period{}, usage(err)
	}
	return p, nil
}
