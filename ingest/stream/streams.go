package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/event"
)

// The streams.
const (
	Direct      = "DIRECT"
	Submissions = "SUBMISSIONS"
	Accepted    = "ACCEPTED"
	Verdicts    = "VERDICTS"
	Totals      = "TOTALS"
	Releases    = "RELEASES"
	Commands    = "COMMANDS"
	Dead        = "DEAD"
)

// TokensBucket is the bucket of the gateways' tokens, and Tokens the stream behind it, whose
// subjects end with the keys of the bucket.
const (
	TokensBucket = "TOKENS"
	Tokens       = "KV_" + TokensBucket
)

// SchedulesBucket is the bucket of what is known of schedules and of work under way, and
// Schedules the stream behind it.
const (
	SchedulesBucket = "SCHEDULES"
	Schedules       = "KV_" + SchedulesBucket
)

// SourcesBucket is the bucket that says what became of the sources that are fetched, and Sources
// the stream behind it.
const (
	SourcesBucket = "SOURCES"
	Sources       = "KV_" + SourcesBucket
)

// Config is how the streams are kept.
type Config struct {
	// Replicas of every stream: 1 on one server, 3 on a cluster.
	Replicas int `yaml:"replicas"`
	// SubmissionsFor is how long submissions are kept as received.
	SubmissionsFor time.Duration `yaml:"submissions_for"`
	// VerdictsFor is how long verdicts can be looked up.
	VerdictsFor time.Duration `yaml:"verdicts_for"`
	// TotalsFor is how long published totals stay in the log.
	TotalsFor time.Duration `yaml:"totals_for"`
	// OriginalsFor is how long uploaded files are kept as they came, and OriginalsMax how many bytes
	// of them at most; the oldest make room. 0 is no bound of its own.
	OriginalsFor time.Duration `yaml:"originals_for"`
	OriginalsMax int64         `yaml:"originals_max"`
	// DeduplicateFor is the broker's deduplication window: how long it recognises a
	// message id. Submissions are recognised for ever, by their content.
	DeduplicateFor time.Duration `yaml:"deduplicate_for"`
}

// DefaultConfig returns one replica, two years of submissions, verdicts and
// totals, and two minutes of deduplication.
func DefaultConfig() Config {
	const year = 365 * 24 * time.Hour
	return Config{Replicas: 1, SubmissionsFor: 2 * year, VerdictsFor: 2 * year, TotalsFor: 2 * year, OriginalsFor: 2 * year, DeduplicateFor: 2 * time.Minute}
}

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var errs []error
	if c.Replicas < 1 || c.Replicas > 5 {
		errs = append(errs, fmt.Errorf("streams.replicas: want 1 to 5, got %d", c.Replicas))
	}
	if c.DeduplicateFor < time.Second {
		errs = append(errs, fmt.Errorf("streams.deduplicate_for: want at least 1s, got %s", c.DeduplicateFor))
	}
	for _, kept := range []struct {
		key string
		age time.Duration
	}{{"submissions_for", c.SubmissionsFor}, {"verdicts_for", c.VerdictsFor}, {"totals_for", c.TotalsFor}, {"originals_for", c.OriginalsFor}} {
		if kept.age < c.DeduplicateFor {
			errs = append(errs, fmt.Errorf("streams.%s: want at least streams.deduplicate_for (%s), got %s", kept.key, c.DeduplicateFor, kept.age))
		}
	}
	if c.OriginalsMax < 0 || c.OriginalsMax > 0 && c.OriginalsMax < 1<<20 {
		errs = append(errs, fmt.Errorf("streams.originals_max: want 0 or at least 1048576 bytes, got %d", c.OriginalsMax))
	}
	if c.VerdictsFor < c.SubmissionsFor {
		errs = append(errs, fmt.Errorf("streams.verdicts_for: want at least streams.submissions_for (%s), so that no submission outlives its verdict and is judged anew, got %s", c.SubmissionsFor, c.VerdictsFor))
	}
	return errors.Join(errs...)
}

// Log is the client of the eight streams of one broker.
type Log struct {
	nc     *nats.Conn
	js     jetstream.JetStream
	admin  *Log // by which streams are changed; see ChangeAs
	logger zerolog.Logger
	health *health
	calls  *deniableCalls
	read   sync.Map // of streams that were read, jetstream.Stream by name; see from
}

// maxPending is how many asynchronous publishes may wait for their acknowledgement.
const maxPending = 1024

// Attach returns the log of a broker whose streams exist already. It changes nothing
// in the broker.
func Attach(nc *nats.Conn, logger zerolog.Logger) (*Log, error) {
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(maxPending), jetstream.WithPublishAsyncTimeout(publishTimeout))
	if err != nil {
		return nil, fmt.Errorf("open jetstream: %w", err)
	}
	l := &Log{nc: nc, js: js, logger: logger, health: newHealth(), calls: &deniableCalls{under: map[*deniableCall]struct{}{}}}
	l.admin = l
	l.watchDenials()
	return l, nil
}

// Over returns the log over another connection to the same broker. What fails and what is put
// aside counts with what l does.
func (l *Log) Over(nc *nats.Conn) (*Log, error) {
	other, err := Attach(nc, l.logger)
	if err == nil {
		other.health = l.health
	}
	return other, err
}

// ChangeAs has streams changed over another log's connection from now on: as the administrator,
// where the user of this one may not.
func (l *Log) ChangeAs(admin *Log) { l.admin = admin }

// Subjects returns the subjects that a stream takes, in the broker's notation: * stands
// for any one token.
func Subjects(stream string) []string {
	switch stream {
	case Direct:
		return []string{"direct.*.*"}
	case Submissions:
		return []string{"submissions.*.*"}
	case Accepted:
		return []string{"accepted.*.*", "accepted.decisions"}
	case Verdicts:
		return []string{"verdicts.*.*"}
	case Totals:
		return []string{"totals.*", "runs.*"}
	case Releases:
		return []string{"releases.*"}
	case Commands:
		return []string{"commands.*"}
	}
	return []string{"dead.*"}
}

// Names returns the streams in the order of the flow.
func Names() []string {
	return []string{Direct, Submissions, Accepted, Verdicts, Totals, Releases, Commands, Dead}
}

// keepsMessages reports whether a stream keeps messages after they are acknowledged.
func keepsMessages(stream string) bool { return stream != Commands }

// streamOf returns the stream that takes a subject. Where none does, the error is a Permanent.
func streamOf(subject string) (string, error) {
	tokens := strings.Split(subject, ".")
	for _, token := range tokens {
		if !event.IsToken(token) {
			return "", event.Permanentf("subject %q: want tokens without spaces and wildcards, with a dot between", event.Excerpt(subject, 200))
		}
	}
	for _, name := range Names() {
		for _, pattern := range Subjects(name) {
			if matches(strings.Split(pattern, "."), tokens) {
				return name, nil
			}
		}
	}
	return "", event.Permanentf("subject %q: no stream takes it", event.Excerpt(subject, 200))
}

func matches(pattern, tokens []string) bool {
	return slices.EqualFunc(pattern, tokens, func(p, token string) bool { return p == "*" || p == token })
}

// Matches reports whether a subject fits a pattern of the broker's, in which * stands for any one
// token.
func Matches(pattern, subject string) bool {
	return matches(strings.Split(pattern, "."), strings.Split(subject, "."))
}

func (c Config) streams() []jetstream.StreamConfig {
	base := func(name, description string, keep time.Duration) jetstream.StreamConfig {
		forEver := name == Accepted || name == Releases
		return jetstream.StreamConfig{
			Name: name, Description: description, Subjects: Subjects(name), MaxAge: keep,
			Replicas: c.Replicas, Storage: jetstream.FileStorage, Duplicates: c.DeduplicateFor,
			AllowDirect: true, AllowAtomicPublish: true, DenyDelete: forEver, DenyPurge: forEver,
		}
	}
	direct := base(Direct, "what districts published themselves", c.SubmissionsFor)
	direct.AllowAtomicPublish = false // batches that a district leaves open would block the others
	direct.Duplicates = directDuplicates
	direct.MaxMsgSize = maxDirect
	verdicts := base(Verdicts, "what became of each submission", c.VerdictsFor)
	verdicts.RePublish = &jetstream.RePublish{Source: "verdicts.*.*", Destination: "results.{{wildcard(1)}}.{{wildcard(2)}}"}
	commands := base(Commands, "jobs asked for by schedules and people", 0)
	commands.Retention = jetstream.WorkQueuePolicy
	return []jetstream.StreamConfig{
		direct,
		base(Submissions, "what areas sent, as received", c.SubmissionsFor),
		base(Accepted, "every accepted observation: the state of the system", 0),
		verdicts,
		base(Totals, "city totals, and the runs of jobs", c.TotalsFor),
		base(Releases, "city totals frozen under a name", 0),
		commands,
		base(Dead, "what a stage could not process", 0),
		c.bucket(TokensBucket, "who may use the gateways", 8),
		c.bucket(SchedulesBucket, "schedules held back, and how far work under way has come", 64),
		c.bucket(SourcesBucket, "what became of the sources that are fetched", 8),
		c.originals(),
	}
}

// All returns every stream, those behind buckets too.
func All() []string {
	var names []string
	for _, sc := range (Config{}).streams() {
		names = append(names, sc.Name)
	}
	return names
}

// Stream returns how a stream, or the one behind a bucket, is kept by these settings. It reports
// false where the name is of none.
func (c Config) Stream(name string) (jetstream.StreamConfig, bool) {
	for _, sc := range c.streams() {
		if sc.Name == name {
			return sc, true
		}
	}
	return jetstream.StreamConfig{}, false
}

// Results are the subjects on which the broker tells each verdict to who listens, once it is
// stored: results.<area>.<dataset>. No stream takes them.
const Results = "results.*.*"

const (
	// directDuplicates is the shortest deduplication window that the broker takes. A message id
	// counts for all districts there, and one must not keep another's message out.
	directDuplicates = 100 * time.Millisecond
	// maxDirect is the largest message of a district, in bytes with its headers. It leaves room
	// for the headers that it gets on its way into SUBMISSIONS.
	maxDirect = 8<<20 - 4<<10
)

// bucket is the stream of a bucket, as the client library has it. History is how many values
// of each key are kept.
func (c Config) bucket(name, description string, history int64) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: "KV_" + name, Description: description, Subjects: []string{"$KV." + name + ".>"},
		Replicas: c.Replicas, Storage: jetstream.FileStorage, Duplicates: c.DeduplicateFor, Discard: jetstream.DiscardNew,
		MaxMsgsPerSubject: history, AllowDirect: true, AllowRollup: true, DenyDelete: true,
	}
}

// Bucket returns a bucket of the broker, which exists.
func (l *Log) Bucket(ctx context.Context, name string) (jetstream.KeyValue, error) {
	kv, err := l.js.KeyValue(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", name, err)
	}
	return kv, nil
}

// LastSequence returns the sequence of the stream's newest message, also where every message has
// expired; 0 where there has been none. A stream that lost its end keeps the sequences of what it
// lost, which no reader ever receives: they do not count.
func (l *Log) LastSequence(ctx context.Context, stream string) (uint64, error) {
	s, err := l.js.Stream(ctx, stream)
	if err != nil {
		return 0, fmt.Errorf("look at stream %s: %w", stream, err)
	}
	state := s.CachedInfo().State
	if state.NumDeleted == 0 || state.Msgs == 0 {
		return state.LastSeq, nil
	}
	last := uint64(0)
	for _, pattern := range Subjects(stream) {
		m, err := s.GetLastMsgForSubject(ctx, pattern)
		if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return 0, fmt.Errorf("get the last message of %s: %w", stream, err)
		}
		if err == nil {
			last = max(last, m.Sequence)
		}
	}
	return cmp.Or(last, state.LastSeq), nil
}

// Connected reports whether the broker can be reached now.
func (l *Log) Connected() bool { return l.nc.IsConnected() }

// Reconnects returns how often the connection to the broker was lost and came back. The
// broker may have been another one in between, or have forgotten acknowledgements.
func (l *Log) Reconnects() uint64 { return l.nc.Stats().Reconnects }

// MaxMessage returns the largest message the broker takes, headers included, in
// bytes.
func (l *Log) MaxMessage() int64 { return l.nc.MaxPayload() }
