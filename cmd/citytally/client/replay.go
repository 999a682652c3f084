package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/ledger/snapshot"
)

// Selection says which totals are asked for: the latest of a period, those of a
// period as they were at a moment, or a release, which has a period and a moment.
type Selection struct {
	Period  string
	AsOf    string // see ParseAsOf; "" is now
	Release string
}

// Check returns a UsageError for a selection that has both a release and a period
// or moment, or none of them; example is a command line with a period.
func (s *Selection) Check(example string) error {
	if s.Release != "" {
		if s.Period != "" || s.AsOf != "" {
			return app.Usage(bilingual.New("--release 已确定报告期和时点；请去掉 --period 和 --as-of", "--release names the period and the moment itself; leave out --period and --as-of"))
		}
		return nil
	}
	if s.Period == "" {
		return app.Usage(bilingual.Errorf("没有给出报告期，例如：%s", "no period: %s", example))
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

// ParseAsOf parses an instant such as 2022-02-15T12:00:00+08:00, or a day such as
// 2022-02-15, which means its last millisecond in the location. "" is the zero time.
func ParseAsOf(text string, location *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, location); err == nil {
		return day.AddDate(0, 0, 1).Add(-time.Millisecond), nil
	}
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, app.Usage(bilingual.Errorf("--as-of：应为日期（如 2022-02-15）或时刻（如 2022-02-15T12:00:00+08:00），收到的是 %q", "--as-of: want a day such as 2022-02-15 or an instant such as 2022-02-15T12:00:00+08:00, got %q", text))
	}
	return instant, nil
}

// replayer replays the broker's log.
type replayer struct {
	log       *stream.Log
	editions  *edition.Editions // at least one
	snapshots *snapshot.Store   // nil where there are none
	location  *time.Location
	close     func()
}

// openReplayer connects to the log. The caller closes the replayer.
func (c *Client) openReplayer(ctx context.Context) (*replayer, error) {
	r := &replayer{}
	var err error
	if r.location, err = c.settings.Location(); err != nil {
		return nil, app.Usage(err)
	}
	if r.snapshots, err = app.Snapshots(c.settings.Dir); err != nil {
		return nil, err
	}
	if r.log, r.close, err = c.openLog(zerolog.Nop()); err != nil {
		return nil, err
	}
	r.editions, err = edition.History(ctx, r.log)
	if err == nil && r.editions.First() == nil {
		err = bilingual.New("日志中没有启用的目录；本版本的 transform 环节启动后即有：citytally run", "the log does not say which catalogue is in force; it does once a transform stage of this version has begun on it: citytally run")
		if lost, lookErr := r.log.Extent(ctx, stream.Accepted); lookErr == nil && lost.Missing > 0 {
			err = bilingual.New("ACCEPTED 丢失了启用的目录和数据；请先恢复：citytally replay --from submissions", "ACCEPTED has lost which catalogue is in force, and the figures; bring them back first: citytally replay --from submissions")
		}
	}
	if err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// replay returns what was known at the moment, under the catalogue in force then, without
// vintages.
func (r *replayer) replay(ctx context.Context, m ledger.Moment) (*ledger.History, error) {
	return r.begin(ctx, m, m, nil, nil)
}

// replayFor returns the same with the vintages that explain the total of an indicator of a
// catalogue.
func (r *replayer) replayFor(ctx context.Context, m ledger.Moment, c *catalogue.Catalogue, indicator string) (*ledger.History, error) {
	keep, indicators := answer.KeepFor(c, indicator), answer.IndicatorsFor(c, indicator)
	return r.begin(ctx, m, m, keep, func(h *ledger.History) error { return h.Recall(ctx, r.log, indicators...) })
}

// replaySince returns what is known now, with those of the vintages that keep asks for which a
// history of an earlier moment may lack.
func (r *replayer) replaySince(ctx context.Context, earlier ledger.Moment, keep ledger.Keep) (*ledger.History, error) {
	return r.begin(ctx, ledger.Moment{}, earlier, keep, nil)
}

// begin replays to a moment from the newest snapshot that is not beyond a moment, after what recall
// does with it.
func (r *replayer) begin(ctx context.Context, to, from ledger.Moment, keep ledger.Keep, recall func(*ledger.History) error) (*ledger.History, error) {
	h := ledger.NewHistory(r.editions.First(), to, keep)
	if r.snapshots != nil {
		if _, err := r.snapshots.Load(ctx, r.log, h.Ledger, from, zerolog.Nop()); err != nil {
			return nil, err
		}
	}
	if recall != nil {
		if err := recall(h); err != nil {
			return nil, err
		}
	}
	return h, h.Replay(ctx, r.log)
}

// catalogueAt returns the catalogue in force at a moment.
func (r *replayer) catalogueAt(m ledger.Moment) *catalogue.Catalogue {
	return r.editions.At(m.Basis, m.Received)
}

// moment returns the moment of a selection that is not a release.
func (r *replayer) moment(s *Selection) (ledger.Moment, error) {
	received, err := ParseAsOf(s.AsOf, r.location)
	return ledger.Moment{Received: received}, err
}

// release returns the release with the name, and its period.
func (r *replayer) release(ctx context.Context, name string) (*event.Release, catalogue.Period, error) {
	release, err := r.log.Release(ctx, name)
	if errors.Is(err, stream.ErrNoRelease) {
		return nil, catalogue.Period{}, app.Usage(bilingual.Errorf("%v；citytally release list 可列出已有的发布版", "%v; citytally release list names those there are", err))
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
