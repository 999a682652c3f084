package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
)

// Selection says which totals are asked for: those of a period, the latest or as
// they were at a moment; or a release, which has both of its own.
type Selection struct {
	Period  string
	AsOf    string // see ParseAsOf; "" is now
	Release string
}

// Check reports a selection that contradicts itself or lacks a period; example is
// a command line that has one.
func (s *Selection) Check(example string) error {
	if s.Release != "" {
		if s.Period != "" || s.AsOf != "" {
			return app.Usage(errors.New("--release names the period and the moment itself; leave out --period and --as-of"))
		}
		return nil
	}
	if s.Period == "" {
		return app.Usage(fmt.Errorf("no period: %s", example))
	}
	_, err := s.period()
	return err
}

func (s *Selection) period() (catalogue.Period, error) {
	p, err := catalogue.ParsePeriod(s.Period)
	if err != nil {
		return p, app.Usage(err)
	}
	return p, nil
}

// ParseAsOf reads an instant, or a day, which means its last millisecond in the
// location; "" is the zero time.
func ParseAsOf(text string, location *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, location); err == nil {
		return day.AddDate(0, 0, 1).Add(-time.Millisecond), nil
	}
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, app.Usage(fmt.Errorf("--as-of: want a day such as 2022-02-15 or an instant such as 2022-02-15T12:00:00+08:00, got %q", text))
	}
	return instant, nil
}

// Log is a connection to the broker's log, which answers with what was known at a
// moment under the catalogue of the settings.
type Log struct {
	log       *stream.Log
	catalogue *catalogue.Catalogue
	location  *time.Location
	close     func()
}

// OpenLog connects to the log. The caller closes it.
func (c *Client) OpenLog() (*Log, error) {
	l := &Log{}
	var err error
	if l.location, err = c.settings.Location(); err != nil {
		return nil, app.Usage(err)
	}
	if l.catalogue, err = c.Catalogue(); err != nil {
		return nil, err
	}
	if l.log, l.close, err = c.openLog(zerolog.Nop()); err != nil {
		return nil, err
	}
	return l, nil
}

// Close disconnects.
func (l *Log) Close() { l.close() }

// replay reads what was known at the moment.
func (l *Log) replay(ctx context.Context, m ledger.Moment, keep ledger.Keep) (*ledger.History, error) {
	return ledger.Replay(ctx, l.log, l.catalogue, m, keep)
}

// moment is that of a selection which is not a release.
func (l *Log) moment(s *Selection) (ledger.Moment, error) {
	received, err := ParseAsOf(s.AsOf, l.location)
	return ledger.Moment{Received: received}, err
}

// release reads a release by its name.
func (l *Log) release(ctx context.Context, name string) (*event.Release, catalogue.Period, error) {
	release, err := l.log.Release(ctx, name)
	if errors.Is(err, stream.ErrNoRelease) {
		return nil, catalogue.Period{}, app.Usage(fmt.Errorf("%w; citytally release list names those there are", err))
	}
	if err != nil {
		return nil, catalogue.Period{}, err
	}
	period, err := catalogue.ParsePeriod(release.Period)
	if err != nil {
		return nil, period, fmt.Errorf("release %s: %w", name, err)
	}
	return release, period, nil
}
