package client

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/schedule"
)

// Journal returns every act of a person that is on record, the oldest first.
func (c *Client) Journal(ctx context.Context) ([]present.Act, error) {
	log, disconnect, err := c.openLog(zerolog.Nop())
	if err != nil {
		return nil, err
	}
	defer disconnect()
	acts := []present.Act{}
	for _, read := range []func(context.Context, *stream.Log) ([]present.Act, error){decisionActs, releaseActs, runActs, skipActs, tokenActs, pauseActs, c.keyActs} {
		some, err := read(ctx, log)
		if err != nil {
			return nil, err
		}
		acts = append(acts, some...)
	}
	slices.SortStableFunc(acts, func(a, b present.Act) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Kind, b.Kind))
	})
	return acts, nil
}

func decisionActs(ctx context.Context, log *stream.Log) ([]present.Act, error) {
	var acts []present.Act
	err := readAll(ctx, log, stream.Accepted, judge.DecisionSubject, func(d stream.Delivery) error {
		batch, err := event.DecodeAccepted(d.Body)
		if err != nil {
			return err
		}
		for _, decision := range batch.Decisions {
			if decision.Kind == event.RevokeToken {
				continue // the bucket of tokens has it
			}
			if decision.Kind == event.Adopt {
				adopted, err := edition.Read(d.Sequence, &decision)
				if err != nil {
					return err
				}
				decision.Period = adopted.Version()
			}
			if decision.Kind == event.AdoptRules {
				decision.Period = catalogue.VersionOf([]byte(decision.Rules))
			}
			of := strings.Join(slices.DeleteFunc([]string{decision.Period, decision.Area, decision.Indicator}, func(s string) bool { return s == "" }), " ")
			by := decision.Person
			by.Name = cmp.Or(by.Name, decision.By)
			kind := string(decision.Kind)
			if len(decision.Rows) > 0 {
				kind, of = kind+"_held", fmt.Sprintf("%s %s", decision.Area, heldIDs(&decision))
			}
			acts = append(acts, present.Act{At: decision.Decided(), Kind: kind, Of: of, By: by, Reason: decision.Reason})
		}
		return nil
	})
	return acts, err
}

func releaseActs(ctx context.Context, log *stream.Log) ([]present.Act, error) {
	releases, err := log.Releases(ctx)
	var acts []present.Act
	for _, r := range releases {
		acts = append(acts, present.Act{At: r.Created(), Kind: "release", Of: r.Name, By: r.Person, Reason: r.Note})
	}
	return acts, err
}

// runActs returns the runs that a person asked for.
func runActs(ctx context.Context, log *stream.Log) ([]present.Act, error) {
	var acts []present.Act
	err := readAll(ctx, log, stream.Totals, schedule.RunSubject(schedule.Manual), func(d stream.Delivery) error {
		var run event.Run
		if err := json.Unmarshal(d.Body, &run); err != nil {
			return fmt.Errorf("read run: %w", err)
		}
		kind, of := "recompute", cmp.Or(strings.Join(slices.DeleteFunc([]string{run.Period, run.Until, run.Indicator, run.Area}, func(s string) bool { return s == "" }), " "), "*")
		if run.Schedule != schedule.Manual {
			kind, of = "run", run.Schedule
		}
		acts = append(acts, present.Act{At: run.StartedAt, Kind: kind, Of: of, By: run.Person})
		return nil
	})
	return acts, err
}

// pauseActs returns what people decided about schedules.
func pauseActs(ctx context.Context, log *stream.Log) ([]present.Act, error) {
	var acts []present.Act
	err := readAll(ctx, log, stream.Schedules, schedule.PauseSubject("*"), func(d stream.Delivery) error {
		var p schedule.Pause
		if err := json.Unmarshal(d.Body, &p); err != nil {
			return fmt.Errorf("read pause: %w", err)
		}
		kind := "resume"
		if p.Paused {
			kind = "pause"
		}
		acts = append(acts, present.Act{At: p.At, Kind: kind, Of: p.Schedule, By: p.Person, Reason: p.Reason})
		return nil
	})
	return acts, err
}

func skipActs(ctx context.Context, log *stream.Log) ([]present.Act, error) {
	letters, err := log.Letters(ctx)
	var acts []present.Act
	for i := range letters {
		if l := &letters[i]; l.Stage == stream.SkipStage {
			acts = append(acts, present.Act{At: l.DiedAt, Kind: "skip", Of: fmt.Sprintf("%s %d", l.Stream, l.Sequence), By: l.Person, Reason: l.Error})
		}
	}
	return acts, err
}

func tokenActs(ctx context.Context, log *stream.Log) ([]present.Act, error) {
	issued, err := token.List(ctx, log)
	var acts []present.Act
	for i := range issued {
		one := &issued[i]
		of := one.ID + " " + one.Name
		if !one.CreatedAt.IsZero() {
			acts = append(acts, present.Act{At: one.CreatedAt, Kind: "token", Of: of, By: one.CreatedBy})
		}
		if !one.RevokedAt.IsZero() {
			acts = append(acts, present.Act{At: one.RevokedAt, Kind: "revoke", Of: of, By: one.RevokedBy, Reason: one.Reason})
		}
	}
	return acts, err
}

func (c *Client) keyActs(context.Context, *stream.Log) ([]present.Act, error) {
	keys, err := c.Keys()
	var acts []present.Act
	for i := range keys {
		k := &keys[i]
		of := k.Area + " " + k.Key
		acts = append(acts, present.Act{At: k.CreatedAt, Kind: "key", Of: of, By: k.CreatedBy})
		if !k.RevokedAt.IsZero() {
			acts = append(acts, present.Act{At: k.RevokedAt, Kind: "revoke", Of: of, By: k.RevokedBy, Reason: k.Reason})
		}
	}
	return acts, err
}

// readAll calls read with every message that a stream has on a subject. A message that cannot
// be read is passed over: whoever works on the stream has put it aside.
func readAll(ctx context.Context, log *stream.Log, name, subject string, read func(stream.Delivery) error) error {
	following, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	from := stream.FollowConfig{Stream: name, Subjects: []string{subject}}
	return log.Follow(following, from, func(d stream.Delivery) error {
		if err := read(d); err != nil && event.IsNewerLayout(err) {
			return err
		}
		return nil
	}, caughtUp)
}

// heldIDs names the held figures that a decision is about, the first of many.
func heldIDs(d *event.Decision) string {
	const named = 5
	var ids []string
	for i, row := range d.Rows {
		if i == named {
			ids = append(ids, fmt.Sprintf("… %d", len(d.Rows)))
			break
		}
		ids = append(ids, event.HoldID{Sequence: d.Sequence, Row: int(row)}.String())
	}
	return strings.Join(ids, " ")
}
