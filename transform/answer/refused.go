package answer

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
)

// RefusedFigure is what an area that is missing has sent and what was wrong with it.
type RefusedFigure struct {
	Area      string `json:"area"`
	Indicator string `json:"indicator"`
	// Finding has the row, the text found there, and what to do.
	Finding event.Finding `json:"finding"`
	// Submission is the submission's id, Sequence its place in SUBMISSIONS.
	Submission string    `json:"submission"`
	Sequence   uint64    `json:"sequence"`
	ReceivedAt time.Time `json:"received_at"`
	Via        string    `json:"via"`
	By         string    `json:"by"`
	File       string    `json:"file"`
}

// AddRefused adds to both levels of an explanation, for each area that is missing, the
// figure that it sent last and that was refused, from the verdicts received by the
// moment. Verdicts that have expired are not found.
func AddRefused(ctx context.Context, log *stream.Log, c *catalogue.Catalogue, moment ledger.Moment, e *Explanation) error {
	levels := []*Level{&e.Level}
	if e.Base != nil {
		levels = append(levels, e.Base)
	}
	var subjects []string
	for _, l := range levels {
		for _, area := range l.Missing {
			if subject := "verdicts." + area + ".*"; (e.Area == "" || e.Area == area) && !slices.Contains(subjects, subject) {
				subjects = append(subjects, subject)
			}
		}
	}
	if len(subjects) == 0 {
		return nil
	}
	following, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	err := log.Follow(following, stream.FollowConfig{Stream: stream.Verdicts, Subjects: subjects}, func(d stream.Delivery) error {
		var v event.Verdict
		if err := json.Unmarshal(d.Body, &v); err != nil {
			return fmt.Errorf("read verdict %d: %w", d.Sequence, err)
		}
		if moment.Received.IsZero() || !v.ReceivedAt.After(moment.Received) {
			for _, l := range levels {
				l.addRefused(c, &v)
			}
		}
		return nil
	}, caughtUp)
	if err != nil {
		return fmt.Errorf("look for refused figures: %w", err)
	}
	return ctx.Err()
}

// addRefused keeps what a verdict refused of a missing area's figures, in place of
// what an earlier one did.
func (l *Level) addRefused(c *catalogue.Catalogue, v *event.Verdict) {
	if !slices.Contains(l.Missing, v.Area) {
		return
	}
	for i := range l.Sums {
		indicator, _ := c.Indicator(l.Sums[i].Indicator)
		for j := range v.Findings {
			f := &v.Findings[j]
			if f.Severity != event.Reject || !l.concerns(f, indicator, v) {
				continue
			}
			l.Refused = slices.DeleteFunc(l.Refused, func(r RefusedFigure) bool {
				return r.Area == v.Area && r.Indicator == indicator.ID && (r.Sequence < v.Sequence || r.Finding.Row == f.Row && r.Finding.Code == f.Code)
			})
			l.Refused = append(l.Refused, RefusedFigure{
				Area: v.Area, Indicator: indicator.ID, Finding: *f,
				Submission: v.Submission, Sequence: v.Sequence, ReceivedAt: v.ReceivedAt, Via: v.Via, By: v.By, File: v.File,
			})
		}
	}
	slices.SortStableFunc(l.Refused, func(a, b RefusedFigure) int {
		return cmp.Or(cmp.Compare(a.Area, b.Area), cmp.Compare(a.Finding.Row, b.Finding.Row))
	})
}

// concerns reports whether a finding is on the indicator's figure of the level's period, or
// on a whole submission that could have had it.
func (l *Level) concerns(f *event.Finding, indicator *catalogue.Indicator, v *event.Verdict) bool {
	if f.Row == 0 && f.Indicator == "" && v.Outcome == event.Rejected {
		return slices.Contains(indicator.Datasets, v.Dataset)
	}
	period, err := catalogue.ParsePeriod(f.Period)
	return err == nil && f.Indicator == indicator.ID && period.String() == l.Period
}
