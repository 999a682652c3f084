package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// Pause says that a schedule is held back, or goes on again, since when, by whom and why.
type Pause struct {
	Schedule string       `json:"schedule"`
	Paused   bool         `json:"paused"`
	Reason   string       `json:"reason"`
	Person   event.Person `json:"person"`
	At       time.Time    `json:"at"`
}

// Keys of the bucket SCHEDULES: pauses by schedule.
const pausePrefix = "pause."

// PauseSubject returns the subject of the bucket's stream on which the pauses of a schedule
// stand.
func PauseSubject(schedule string) string {
	return "$KV." + stream.SchedulesBucket + "." + pausePrefix + schedule
}

// SetPause holds a schedule back, or has it go on, for every scheduler and over restarts.
// What is missed meanwhile is made up for by the latest slot, once it goes on.
func SetPause(ctx context.Context, log *stream.Log, p Pause) error {
	var errs []error
	if !token.MatchString(p.Schedule) {
		errs = append(errs, fmt.Errorf("schedule: want letters, digits, - and _, got %q", p.Schedule))
	}
	if p.Paused && strings.TrimSpace(p.Reason) == "" {
		errs = append(errs, errors.New("reason: say why, for those who ask later"))
	}
	if r, found := event.ControlIn(p.Reason, ""); found {
		errs = append(errs, fmt.Errorf("reason: take the control character %U out", r))
	}
	if !p.Person.Identified() {
		errs = append(errs, errors.New("by: nobody is known to have decided"))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	kv, err := log.Bucket(ctx, stream.SchedulesBucket)
	if err != nil {
		return err
	}
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode pause: %w", err)
	}
	if _, err := kv.Put(ctx, pausePrefix+p.Schedule, body); err != nil {
		return fmt.Errorf("store the pause of %s: %w", p.Schedule, err)
	}
	return nil
}

// PauseOf returns what was decided last about a schedule; the zero Pause where nothing was.
func PauseOf(ctx context.Context, log *stream.Log, schedule string) (p Pause, err error) {
	kv, err := log.Bucket(ctx, stream.SchedulesBucket)
	if err != nil {
		return p, err
	}
	entry, err := kv.Get(ctx, pausePrefix+schedule)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return p, nil
	}
	if err == nil {
		err = json.Unmarshal(entry.Value(), &p)
	}
	if err != nil {
		return p, fmt.Errorf("read the pause of %s: %w", schedule, err)
	}
	return p, nil
}
