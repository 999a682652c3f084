package remind

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/stream"
)

// Reminder is that an obligation is not met.
type Reminder struct {
	// ID is the same for ever for an obligation and a step.
	ID      string `json:"id"`
	Area    string `json:"area"`
	Dataset string `json:"dataset"`
	Period  string `json:"period"`
	// Step says how far from the deadline it is: 3-working-days-before, 1-day-after. It came
	// at At.
	Step     string    `json:"step"`
	At       time.Time `json:"at"`
	Deadline time.Time `json:"deadline"`
	// Overdue is true where the deadline had passed.
	Overdue bool `json:"overdue"`
	// Owed counts indicators; Missing are the ids of those that were not there.
	Owed    int      `json:"owed"`
	Missing []string `json:"missing"`
	// Basis is the sequence of ACCEPTED up to which everything was counted.
	Basis uint64 `json:"basis"`
	// TextZH and TextEN say it in a sentence.
	TextZH string `json:"text_zh"`
	TextEN string `json:"text_en"`
}

// The ways on which a reminder is told.
const (
	WayEvent   = "event"
	WayLog     = "log"
	WayWebhook = "webhook"
	WayMail    = "mail"
)

// Outcome is what became of telling somebody.
type Outcome string

// The outcomes. What is Waiting has not been tried, or will be tried again.
const (
	Waiting Outcome = "waiting"
	Told    Outcome = "told"
	Refused Outcome = "refused"
)

// Delivery is one reminder to one receiver.
type Delivery struct {
	// Way is how, and To whom: the subject of an event, the name of a webhook, the addresses of
	// a letter.
	Way string `json:"way"`
	To  string `json:"to,omitempty"`
	// Outcome is refused where the receiver will not take it, so that it is not tried again.
	Outcome  Outcome   `json:"outcome"`
	At       time.Time `json:"at,omitzero"`
	Attempts int       `json:"attempts,omitempty"`
	// Problem is why it was not told.
	Problem string `json:"problem,omitempty"`
}

// Record is a reminder and what became of it.
type Record struct {
	Reminder
	Deliveries []Delivery `json:"deliveries"`
}

// over reports whether nothing is left to be told.
func (r *Record) over() bool {
	return !slices.ContainsFunc(r.Deliveries, func(d Delivery) bool { return d.Outcome == Waiting })
}

// keyPrefix is that of the records in the bucket SCHEDULES.
const keyPrefix = "reminder."

// key returns where the record of the reminder stands.
func (r *Reminder) key() string {
	return keyPrefix + strings.Join([]string{r.Period, r.Dataset, r.Area, r.Step}, ".")
}

// idOf returns the id of a reminder, in a city.
func idOf(city string, r *Reminder) string {
	sum := sha256.Sum256([]byte(city + " " + r.key()))
	return hex.EncodeToString(sum[:12])
}

// openRecord returns the record of a reminder and its revision; where there is none it is made, with
// the reminder as it is now.
func openRecord(ctx context.Context, kv jetstream.KeyValue, fresh Record) (Record, uint64, error) {
	body, err := json.Marshal(fresh)
	if err != nil {
		return fresh, 0, fmt.Errorf("encode reminder: %w", err)
	}
	revision, err := kv.Create(ctx, fresh.key(), body)
	if err == nil {
		return fresh, revision, nil
	}
	if !errors.Is(err, jetstream.ErrKeyExists) {
		return fresh, 0, fmt.Errorf("store reminder: %w", err)
	}
	entry, err := kv.Get(ctx, fresh.key())
	if err != nil {
		return fresh, 0, fmt.Errorf("read reminder: %w", err)
	}
	var known Record
	if err := json.Unmarshal(entry.Value(), &known); err != nil {
		return fresh, 0, fmt.Errorf("read reminder %s: %w", fresh.key(), err)
	}
	return known, entry.Revision(), nil
}

// save stores what became of a reminder. The error says so where another process has changed the
// record meanwhile.
func save(ctx context.Context, kv jetstream.KeyValue, r *Record, revision uint64) (uint64, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return 0, fmt.Errorf("encode reminder: %w", err)
	}
	next, err := kv.Update(ctx, r.key(), body, revision)
	if err != nil {
		return 0, fmt.Errorf("store what became of reminder %s: %w", r.key(), err)
	}
	return next, nil
}

// List returns the records of an area, all for "", in the order in which their steps came. What
// cannot be read is left out.
func List(ctx context.Context, log *stream.Log, area string) ([]Record, error) {
	newest := map[string]Record{}
	following, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	from := stream.FollowConfig{Stream: stream.Schedules, Subjects: []string{"$KV." + stream.SchedulesBucket + "." + keyPrefix + ">"}}
	err := log.Follow(following, from, func(d stream.Delivery) error {
		var r Record
		if json.Unmarshal(d.Body, &r) == nil && concerns(area, r.Area) {
			newest[r.key()] = r
		}
		return nil
	}, caughtUp)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("read reminders: %w", err)
	}
	all := slices.Collect(maps.Values(newest))
	slices.SortFunc(all, func(a, b Record) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return strings.Compare(a.key(), b.key())
	})
	return all, nil
}
