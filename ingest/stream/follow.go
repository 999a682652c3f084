package stream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
)

// FollowConfig says what to follow.
type FollowConfig struct {
	Stream string
	// Subjects limits what is followed to messages on them; empty is every message.
	Subjects []string
	// From is the first sequence wanted; 0 is the first there is.
	From uint64
	// Since, where From is 0, leaves out what was stored before that instant.
	Since time.Time
	// HeadersOnly leaves out the bodies.
	HeadersOnly bool
	// Stage, when set, names a reader that runs for as long as the program. Follow
	// then retries also when the broker refuses the start, and [Log.Stuck] reports it.
	Stage string
	// Freshness, when set, is kept up to date.
	Freshness *Freshness
}

const (
	// followPrefetch is how many messages Follow requests ahead of handling them.
	followPrefetch = 2000
	// followHeartbeat is how often the broker sends a sign of life; Follow connects
	// anew after two have failed to come.
	followHeartbeat = 2 * time.Second
	// followerExpiry is after how long the broker drops the consumer of a reader that
	// has gone.
	followerExpiry = 30 * time.Second
)

// Follow calls handle with every message of the stream from a sequence on, in order,
// each once, and goes on with new messages until ctx ends; then it returns nil. It
// calls caughtUp once, as soon as every message that was there at the start has been
// handled. An error from handle ends Follow. The broker's refusal at the start ends
// it too, unless the reader has a stage. A broker that does not answer, or goes away
// later, is waited for.
//
// The client library's ordered consumer would do the same, but cannot be stopped
// while the broker is away.
func (l *Log) Follow(ctx context.Context, config FollowConfig, handle func(Delivery) error, caughtUp func()) error {
	if config.Freshness == nil {
		config.Freshness = &Freshness{}
	}
	f := &follower{log: l, config: config, next: max(config.From, 1), handle: handle, caughtUp: sync.OnceFunc(caughtUp)}
	for {
		attempt := Attempt{What: "follow the stream", Stage: config.Stage, Stream: config.Stream, Logger: l.logger}
		err := l.Retry(ctx, attempt, f.progress)
		switch {
		case ctx.Err() != nil:
			return nil
		case f.failure != nil:
			return f.failure
		case err != nil:
			return fmt.Errorf("follow stream %s: %w", config.Stream, err)
		}
	}
}

// progress reads until an error, and returns it. It returns nil when messages were read
// before the error, so that retrying starts over with the shortest pause.
func (f *follower) progress(ctx context.Context) error {
	before := f.next
	err := f.session(ctx)
	switch {
	case f.failure != nil:
		return &event.Permanent{Err: f.failure}
	case f.config.Stage == "" && !f.started && (isDenied(err) || isDeniedByBroker(err)):
		return &event.Permanent{Err: err}
	case f.next > before:
		return nil
	}
	return err
}

// isDenied reports whether the broker gave an answer that no retry changes: the stream
// does not exist, or may not be read.
func isDenied(err error) bool {
	var answer *jetstream.APIError
	return errors.As(err, &answer) && answer.Code >= 400 && answer.Code < 500 || errors.Is(err, jetstream.ErrStreamNotFound)
}

func isDeniedByBroker(err error) bool {
	_, denied := errors.AsType[*DeniedError](err)
	return denied
}

// follower is the state of one call of Follow; next is the sequence to go on with.
type follower struct {
	log      *Log
	config   FollowConfig
	next     uint64
	handle   func(Delivery) error
	caughtUp func()
	upToDate bool // whether this session has caught up
	// reconnects is how often the connection had been restored when this session began.
	reconnects uint64
	// started is true once a session has begun to receive; failure is the error that
	// handle returned.
	started bool
	failure error
}

// session reads with one consumer of its own until an error, and returns it. The
// broker numbers a consumer's deliveries, so that a lost one is noticed.
func (f *follower) session(ctx context.Context) error {
	f.reconnects = f.log.Reconnects()
	ctx, cancel := f.log.untilReconnect(ctx)
	defer cancel()
	consumer, err := f.consumer(ctx)
	if err != nil {
		return err
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(followPrefetch),
		jetstream.PullHeartbeat(followHeartbeat), jetstream.WithMessagesErrOnMissingHeartbeat(true))
	if err != nil {
		return err
	}
	defer messages.Stop()
	f.started, f.upToDate = true, false
	defer f.config.Freshness.end()
	if err := f.checkEnd(ctx); err != nil {
		return err
	}
	behind := consumer.CachedInfo().NumPending
	if behind == 0 {
		f.catchUp()
	}
	for delivered := uint64(1); ; delivered++ {
		m, err := f.receive(ctx, consumer, messages, delivered-1)
		if err != nil {
			return err
		}
		meta, err := m.Metadata()
		if err != nil {
			return fmt.Errorf("read message metadata: %w", err)
		}
		if meta.Sequence.Consumer != delivered {
			return fmt.Errorf("message %d came as number %d, not %d", meta.Sequence.Stream, meta.Sequence.Consumer, delivered)
		}
		if len(f.config.Subjects) == 0 && meta.Sequence.Stream > f.next && (f.next > 1 || f.config.Since.IsZero()) {
			f.log.health.miss(f.config.Stream, Range{f.next, meta.Sequence.Stream - 1})
		}
		d := delivery(m, meta)
		f.failure = f.log.deliver(ctx, f.config.Stream, &d, func(d *Delivery) error { return f.handle(*d) })
		if f.failure != nil {
			return f.failure
		}
		f.next = meta.Sequence.Stream + 1
		if delivered >= behind || meta.NumPending == 0 {
			f.catchUp()
		}
	}
}

// checkEnd returns an error when the stream ends before the sequence up to which the follower
// has read. The stream's end was lost then, and new messages would have sequences that the
// follower has seen with other messages.
func (f *follower) checkEnd(ctx context.Context) error {
	last, err := f.log.LastSequence(ctx, f.config.Stream)
	if err == nil && f.next > last+1 && f.next > f.config.From {
		err = fmt.Errorf("%s ends at message %d and this program has read up to %d: the stream has lost its end; restart this program once the broker's data are whole", f.config.Stream, last, f.next-1)
	}
	return err
}

// catchUpCheck is how long a follower that has not caught up waits for a message before it
// asks the broker whether there is one.
const catchUpCheck = time.Second

// receive returns the next message. Messages may expire or be deleted before they are
// delivered, so that fewer come than there were at the session's start. While no message comes, receive
// asks the broker whether every message that is left has been handled.
func (f *follower) receive(ctx context.Context, consumer jetstream.Consumer, messages jetstream.MessagesContext, handled uint64) (jetstream.Msg, error) {
	for !f.upToDate {
		waiting, cancel := context.WithTimeout(ctx, catchUpCheck)
		m, err := messages.Next(jetstream.NextContext(waiting))
		idle := err != nil && waiting.Err() != nil && ctx.Err() == nil
		cancel()
		if !idle {
			return m, err
		}
		info, err := consumer.Info(ctx)
		if err != nil {
			return nil, err
		}
		if info.NumPending == 0 && info.Delivered.Consumer <= handled {
			f.catchUp()
		}
	}
	return messages.Next(jetstream.NextContext(ctx))
}

// catchUp records that every message which was there at the session's start has been handled.
func (f *follower) catchUp() {
	f.upToDate = true
	f.config.Freshness.begin(f.log, f.reconnects)
	f.caughtUp()
}

func (f *follower) consumer(ctx context.Context) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	config := jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: f.next, FilterSubjects: f.config.Subjects,
		HeadersOnly: f.config.HeadersOnly, AckPolicy: jetstream.AckNonePolicy, MaxDeliver: 1,
		MemoryStorage: true, Replicas: 1, InactiveThreshold: followerExpiry,
	}
	if f.next == 1 && !f.config.Since.IsZero() {
		config.DeliverPolicy, config.OptStartSeq, config.OptStartTime = jetstream.DeliverByStartTimePolicy, 0, &f.config.Since
	}
	ctx, done := f.log.Deniable(ctx, api+"CONSUMER.CREATE."+f.config.Stream+".", api+"STREAM.INFO."+f.config.Stream)
	consumer, err := f.log.js.CreateConsumer(ctx, f.config.Stream, config)
	return consumer, done(err)
}

// untilReconnect returns a context that also ends when the connection comes back after
// a loss, because the broker has then forgotten the requests made before.
func (l *Log) untilReconnect(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	connected := l.nc.StatusChanged(nats.CONNECTED)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-connected:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		cancel()
		<-watched
		l.nc.RemoveStatusListener(connected)
	}
}

// Freshness tells whether a follower has handled every message that there is, as far as it can
// know. It is safe for concurrent use; the zero value says no.
type Freshness struct{ session atomic.Pointer[freshSession] }

// freshSession is a session of a follower that has caught up.
type freshSession struct {
	log        *Log
	reconnects uint64 // when the session began
}

// Now reports whether the follower has handled every message and would be told of another. It
// says no as soon as the connection is lost. Where the connection looks open and the broker says
// nothing, which two heartbeats without a sign of it tell, it says no after these.
func (f *Freshness) Now() bool {
	s := f.session.Load()
	return s != nil && s.log.Connected() && s.log.Reconnects() == s.reconnects
}

func (f *Freshness) begin(log *Log, reconnects uint64) {
	f.session.Store(&freshSession{log, reconnects})
}

func (f *Freshness) end() { f.session.Store(nil) }
