package remind

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/schedule"
)

// Tell puts a digest into words, in the language zh or en: a sentence, and a letter.
type Tell func(c *catalogue.Catalogue, d *Digest, language string) (sentence, letter string)

// Source is what the job learns from outside.
type Source struct {
	// Calendar reads the calendar against a catalogue.
	Calendar func(*catalogue.Catalogue) (*calendar.Calendar, error)
	Tell     Tell
	// TLS is how the SMTP server is known; nil are the authorities of the machine.
	TLS *tls.Config
}

// Reminders is the job that reminds.
type Reminders struct {
	log     *stream.Log
	ledger  *ledger.Ledger
	source  Source
	config  Config
	steps   []step
	logger  zerolog.Logger
	now     func() time.Time
	metrics *Metrics
	pause   time.Duration // before a second attempt

	mu       sync.Mutex
	calendar *calendar.Calendar // of the catalogue in force last
}

var _ schedule.Job = (*Reminders)(nil)

// New returns the job, which counts what is there in the ledger.
func New(log *stream.Log, l *ledger.Ledger, source Source, config Config, logger zerolog.Logger, now func() time.Time, metrics *Metrics) (*Reminders, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	steps, err := config.steps()
	if err != nil {
		return nil, err
	}
	return &Reminders{log: log, ledger: l, source: source, config: config, steps: steps, logger: logger, now: now, metrics: metrics, pause: time.Second}, nil
}

// maxTold is how many reminders the record of a run names.
const maxTold = 200

// Do tells every reminder that has come, and names them in the run. What could not be told is
// the run's problem.
func (r *Reminders) Do(ctx context.Context, task *schedule.Task) error {
	view := r.ledger.View()
	c, err := r.calendarOf(view.Catalogue())
	if err != nil {
		view.Close()
		return err
	}
	reminders := due(c, view, r.steps, r.now(), r.source.Tell)
	task.Run.Catalogue, task.Run.Basis = view.Catalogue().Version(), view.Basis()
	view.Close()
	kv, err := r.log.Bucket(ctx, stream.SchedulesBucket)
	if err != nil {
		return err
	}
	run := &telling{Reminders: r, catalogue: c.Catalogue(), kv: kv, away: map[string]error{}}
	told := 0
	for _, of := range byArea(reminders) {
		reminded, err := run.remindArea(ctx, of)
		if err != nil {
			return err
		}
		for _, k := range reminded {
			if told++; told <= maxTold {
				task.Run.Did = append(task.Run.Did, fmt.Sprintf("reminded %s of %s %s, %s: %s", k.Area, k.Dataset, k.Period, k.Step, strings.Join(k.ways, ", ")))
			}
		}
	}
	if told > maxTold {
		task.Run.Did = append(task.Run.Did, fmt.Sprintf("%d reminders more", told-maxTold))
	}
	return errors.Join(run.problems...)
}

// calendarOf returns the calendar of a catalogue, which is read anew where another catalogue has
// come into force.
func (r *Reminders) calendarOf(c *catalogue.Catalogue) (*calendar.Calendar, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.calendar == nil || r.calendar.Catalogue().Version() != c.Version() {
		read, err := r.source.Calendar(c)
		if err != nil {
			return nil, fmt.Errorf("read the calendar for catalogue %s: %w", c.Version(), err)
		}
		r.calendar = read
	}
	return r.calendar, nil
}

// telling is one run.
type telling struct {
	*Reminders
	catalogue *catalogue.Catalogue
	kv        jetstream.KeyValue
	// away are the receivers that could not be reached in this run, and why. They are not tried
	// again in it, so that the others do not wait for them each time.
	away     map[string]error
	problems []error
}

// maxProblems is how many problems the record of a run names.
const maxProblems = 20

// deliveries returns who is told a reminder.
func (r *Reminders) deliveries(of *Reminder) []Delivery {
	all := []Delivery{{Way: WayEvent, To: subject(of), Outcome: Waiting}, {Way: WayLog, Outcome: Waiting}}
	for i := range r.config.Webhooks {
		if w := &r.config.Webhooks[i]; concerns(w.Area, of.Area) {
			all = append(all, Delivery{Way: WayWebhook, To: w.Name, Outcome: Waiting})
		}
	}
	for i := range r.config.Mail.To {
		if to := &r.config.Mail.To[i]; concerns(to.Area, of.Area) {
			all = append(all, Delivery{Way: WayMail, To: strings.Join(to.Addresses, ", "), Outcome: Waiting})
		}
	}
	return all
}

// refusal says that a receiver will not take a reminder, however often it is told.
type refusal struct{ error }

func (r *refusal) Unwrap() error { return r.error }

// deliver tells a receiver a digest, by as many attempts as the settings allow, and returns how many
// it took.
func (t *telling) deliver(ctx context.Context, digest *Digest, to addressee) (attempts int, err error) {
	send, name, err := t.sender(digest, to)
	if err != nil {
		return 0, &refusal{err}
	}
	if err := t.away[name]; err != nil {
		return 0, fmt.Errorf("it did not answer earlier in this run: %w", err)
	}
	for pause := t.pause; ; pause *= 4 {
		attempts++
		bounded, cancel := context.WithTimeout(ctx, t.config.Timeout)
		err := send(bounded)
		cancel()
		if err == nil || ctx.Err() != nil {
			return attempts, err
		}
		if _, refused := errors.AsType[*refusal](err); refused {
			return attempts, err
		}
		if attempts == t.config.Attempts {
			t.away[name] = err
			return attempts, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return attempts, ctx.Err()
		case <-timer.C:
		}
	}
}

// sender returns what tells a receiver a digest, and the name of what has to answer.
func (t *telling) sender(digest *Digest, to addressee) (send func(context.Context) error, name string, err error) {
	switch to.way {
	case WayEvent:
		return func(ctx context.Context) error { return t.announce(ctx, to.to, digest) }, WayEvent, nil
	case WayLog:
		return func(context.Context) error { t.writeLine(digest); return nil }, WayLog, nil
	case WayWebhook:
		if i := slices.IndexFunc(t.config.Webhooks, func(w Webhook) bool { return w.Name == to.to }); i >= 0 {
			return func(ctx context.Context) error { return t.post(ctx, &t.config.Webhooks[i], digest) }, to.way + to.to, nil
		}
	case WayMail:
		m := &t.config.Mail
		if i := slices.IndexFunc(m.To, func(r Recipient) bool { return strings.Join(r.Addresses, ", ") == to.to }); i >= 0 && m.Server != "" {
			return func(ctx context.Context) error { return t.sendMail(ctx, &m.To[i], digest) }, to.way, nil
		}
	}
	return nil, "", errors.New("the settings no longer have it")
}

// subject returns the subject of the event of a reminder.
func subject(r *Reminder) string { return "reminders." + r.Area + "." + r.Dataset }

// writeLine writes a line about what an area owes into the program's log.
func (t *telling) writeLine(digest *Digest) {
	line := t.logger.Info()
	if digest.Overdue > 0 {
		line = t.logger.Warn()
	}
	var owed []string
	for i := range digest.Reminders {
		r := &digest.Reminders[i]
		owed = append(owed, fmt.Sprintf("%s %s (%s, %d of %d missing)", r.Dataset, r.Period, r.Step, len(r.Missing), r.Owed))
	}
	line.Str("area", digest.Area).Strs("reports", owed).Int("overdue", digest.Overdue).Str("reminder", digest.ID).Msg("what is owed is not there")
}
