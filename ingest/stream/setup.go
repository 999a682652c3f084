package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"
)

// Change is a property of a stream in the broker that differs from what the settings and this
// program ask for.
type Change struct {
	Stream string `json:"stream"`
	// Setting is the key in the settings, or the broker's word for a property that this
	// program decides.
	Setting string `json:"setting"`
	Is      string `json:"is"`
	Wanted  string `json:"wanted"`
}

// String names the stream, the setting and both values.
func (c Change) String() string {
	return fmt.Sprintf("%s: %s is %s in the broker, %s here", c.Stream, c.Setting, c.Is, c.Wanted)
}

// DifferenceError is the error of opening a log whose streams are kept otherwise than the
// settings say. Nothing was changed: another process may have the right settings.
type DifferenceError struct{ Changes []Change }

// Error lists the differences and says what to do.
func (e *DifferenceError) Error() string {
	texts := make([]string, len(e.Changes))
	for i, c := range e.Changes {
		texts[i] = c.String()
	}
	return "the broker's streams differ from the settings, and nothing was changed: " + strings.Join(texts, "; ") +
		"; correct the settings of this stage, or change the streams: citytally setup"
}

// Open creates the streams that the broker lacks and returns the log. Streams that exist are
// not changed: where one is kept otherwise than the configuration says, the error is a
// [*DifferenceError]. The connection stays the caller's.
func Open(ctx context.Context, nc *nats.Conn, config Config, logger zerolog.Logger) (*Log, error) {
	l, err := Attach(nc, logger)
	if err != nil {
		return nil, err
	}
	changes, err := l.create(ctx, config)
	if err != nil {
		return nil, err
	}
	if len(changes) > 0 {
		return nil, &DifferenceError{Changes: changes}
	}
	return l, nil
}

// Setup creates the streams that the broker lacks, changes those that are kept otherwise than
// the configuration says, and returns the log and what it has changed. Of the processes of a
// cluster only the one that owns the streams calls it. With dry set nothing is created or
// changed.
func Setup(ctx context.Context, nc *nats.Conn, config Config, dry bool, logger zerolog.Logger) (*Log, []Change, error) {
	l, err := Attach(nc, logger)
	if err != nil {
		return nil, nil, err
	}
	if err := l.awaitAnswer(ctx); err != nil {
		return nil, nil, err
	}
	found, err := l.compare(ctx, config)
	if err != nil || dry {
		return l, found, err
	}
	changes, err := l.create(ctx, config)
	if err != nil {
		return nil, nil, err
	}
	for _, sc := range config.streams() {
		if !slices.ContainsFunc(changes, func(c Change) bool { return c.Stream == sc.Name }) {
			continue
		}
		if err := l.update(ctx, sc); err != nil {
			return nil, nil, fmt.Errorf("change stream %s: %w", sc.Name, err)
		}
	}
	if err := l.identify(ctx, All()); err != nil {
		return nil, nil, err
	}
	return l, found, nil
}

// Absent is what a stream is that the broker lacks.
const Absent = "absent"

// createTimeout is how long the creation of the streams may take: on a disk that others keep
// busy, one alone has taken sixteen seconds.
const createTimeout = time.Minute

// create creates the streams that are absent, and returns how the others differ.
func (l *Log) create(ctx context.Context, config Config) ([]Change, error) {
	ctx, cancel := context.WithTimeout(ctx, createTimeout)
	defer cancel()
	if err := l.awaitAnswer(ctx); err != nil {
		return nil, err
	}
	ctx, done := l.Deniable(ctx, api+"STREAM.")
	changes, err := l.createAbsent(ctx, config)
	return changes, done(err)
}

// awaitAnswer returns once the broker answers for the cluster: what it is asked before the cluster has a
// leader is never answered.
func (l *Log) awaitAnswer(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, createTimeout)
	defer cancel()
	for !l.clusterAnswers(ctx) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the broker to answer for the cluster: %w", context.Cause(ctx))
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil
}

func (l *Log) createAbsent(ctx context.Context, config Config) ([]Change, error) {
	changes, err := l.compare(ctx, config)
	if err != nil {
		return nil, err
	}
	created := false
	for _, sc := range config.streams() {
		if !slices.ContainsFunc(changes, func(c Change) bool { return c.Stream == sc.Name && c.Is == Absent }) {
			continue
		}
		if err := l.createStream(ctx, sc); err != nil {
			return nil, fmt.Errorf("create stream %s: %w", sc.Name, err)
		}
		created = true
	}
	if created {
		if err := l.identify(ctx, All()); err != nil {
			return nil, err
		}
		// Another process may have created some of them first, by other settings.
		return l.compare(ctx, config)
	}
	return changes, nil
}

// compare returns how the broker's streams differ from the configuration.
func (l *Log) compare(ctx context.Context, config Config) ([]Change, error) {
	var changes []Change
	for _, want := range config.streams() {
		s, err := l.js.Stream(ctx, want.Name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			changes = append(changes, Change{Stream: want.Name, Setting: "stream", Is: Absent, Wanted: "present"})
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look at stream %s: %w", want.Name, err)
		}
		changes = append(changes, differences(s.CachedInfo().Config, want)...)
	}
	return changes, nil
}

// differences compares what matters to this program of two configurations of a stream. What
// an operator may set beside it (placement, compression, limits) is left alone.
func differences(is, want jetstream.StreamConfig) []Change {
	var changes []Change
	add := func(setting string, is, wanted any) {
		if a, b := fmt.Sprint(is), fmt.Sprint(wanted); a != b {
			changes = append(changes, Change{Stream: want.Name, Setting: setting, Is: a, Wanted: b})
		}
	}
	kept := map[string]string{
		Direct: "streams.submissions_for", Submissions: "streams.submissions_for", Verdicts: "streams.verdicts_for", Totals: "streams.totals_for", Originals: "streams.originals_for",
	}[want.Name]
	if kept == "" {
		kept = "max_age"
	}
	add("streams.replicas", max(is.Replicas, 1), max(want.Replicas, 1))
	add(kept, age(is.MaxAge), age(want.MaxAge))
	if want.Name == Originals {
		add("streams.originals_max", is.MaxBytes, want.MaxBytes)
	}
	add("streams.deduplicate_for", is.Duplicates, want.Duplicates)
	add("subjects", is.Subjects, want.Subjects)
	add("retention", is.Retention, want.Retention)
	add("storage", is.Storage, want.Storage)
	add("allow_direct", is.AllowDirect, want.AllowDirect)
	add("allow_atomic", is.AllowAtomicPublish, want.AllowAtomicPublish)
	add("deny_delete", is.DenyDelete, want.DenyDelete)
	add("deny_purge", is.DenyPurge, want.DenyPurge)
	add("republish", toldOn(is.RePublish), toldOn(want.RePublish))
	return changes
}

// toldOn writes on which subjects the broker tells what a stream has stored.
func toldOn(r *jetstream.RePublish) string {
	if r == nil {
		return "none"
	}
	return r.Source + " on " + r.Destination
}

// age writes how long messages are kept; 0 is for ever.
func age(d time.Duration) string {
	if d == 0 {
		return "for ever"
	}
	return d.String()
}

// createStream creates a stream. One that was lost begins behind what it held, so that no
// sequence is given twice, and says in its metadata that it was created anew. Another process
// may be creating it too.
func (l *Log) createStream(ctx context.Context, sc jetstream.StreamConfig) error {
	var err error
	if sc.FirstSeq, err = l.firstSequence(ctx, sc.Name, time.Now()); err != nil {
		return err
	}
	had, err := l.hasHad(ctx)
	if err != nil {
		return err
	}
	if sc.FirstSeq > 0 || slices.Contains(had, sc.Name) {
		sc.Metadata = map[string]string{createdAnewKey: strconv.FormatUint(max(sc.FirstSeq, 1)-1, 10)}
		known, _, err := l.identity(ctx)
		if err != nil {
			return err
		}
		if known.ID != "" && slices.Contains(bearers(), sc.Name) {
			known.Generation++
			sc.Metadata[identityKey] = known.String()
		}
		l.logger.Error().Str("stream", sc.Name).Uint64("first_sequence", sc.FirstSeq).
			Msg("the stream was lost; it is created anew behind what it held")
	}
	_, err = l.js.CreateStream(ctx, sc)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return nil
	}
	return err
}

// update changes a stream to the configuration, and leaves alone what that does not say.
func (l *Log) update(ctx context.Context, want jetstream.StreamConfig) error {
	s, err := l.js.Stream(ctx, want.Name)
	if err != nil {
		return err
	}
	sc := s.CachedInfo().Config
	sc.Description, sc.Subjects, sc.Replicas, sc.MaxAge, sc.Duplicates = want.Description, want.Subjects, want.Replicas, want.MaxAge, want.Duplicates
	sc.Retention, sc.Storage, sc.AllowDirect, sc.AllowAtomicPublish = want.Retention, want.Storage, want.AllowDirect, want.AllowAtomicPublish
	sc.DenyDelete, sc.DenyPurge, sc.RePublish = want.DenyDelete, want.DenyPurge, want.RePublish
	if want.Name == Originals {
		sc.MaxBytes = want.MaxBytes
	}
	_, err = l.js.UpdateStream(ctx, sc)
	return err
}
