package stream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
)

// FollowConfig says what to follow.
type FollowConfig struct {
	Stream string
	// Subjects bound what is followed; none is everything.
	Subjects []string
	// From is the first sequence wanted; 0 is the first there is.
	From uint64
	// HeadersOnly leaves out the bodies.
	HeadersOnly bool
	// Stage, when set, names a reader that runs for as long as the program: the
	// broker's refusal at the start is then waited out like anything else, and told
	// by [Log.Stuck].
	Stage string
}

const (
	// How many messages Follow asks the broker for ahead of handling them.
	followAhead = 2000
	// How often the broker has to give a sign of life; two may be missed.
	followHeartbeat = 2 * time.Second
	// How long the broker remembers a reader that has gone.
	followForgotten = 30 * time.Second
)

// Follow hands every message of the stream from the sequence on to handle, in
// order, each once, and goes on with new ones until ctx ends; then it returns
// nil. It calls caughtUp once, as soon as everything that was there at the start
// has been handled. An error from handle ends it, and so does the broker's refusal
// at the start, unless the reader has a stage; a broker that does not answer, or
// goes away later, is waited for.
//
// It does what the client library's ordered consumer does. That one, however,
// cannot be stopped while the broker is away.
func (l *Log) Follow(ctx context.Context, config FollowConfig, handle func(Delivery) error, caughtUp func()) error {
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

// progress reads until something goes wrong, and returns what, or nil when
// something was read before: the trouble is then a new one.
func (f *follower) progress(ctx context.Context) error {
	before := f.next
	err := f.session(ctx)
	switch {
	case f.failure != nil:
		return &event.Permanent{Err: f.failure}
	case f.config.Stage == "" && !f.started && denied(err):
		return &event.Permanent{Err: err}
	case f.next > before:
		return nil
	}
	return err
}

// denied reports whether the broker answered, and with a no that stays one: the
// stream does not exist, or is not ours to read.
func denied(err error) bool {
	var answer *jetstream.APIError
	return errors.As(err, &answer) && answer.Code >= 400 && answer.Code < 500 || errors.Is(err, jetstream.ErrStreamNotFound)
}

// follower remembers between sessions how far it has come.
type follower struct {
	log      *Log
	config   FollowConfig
	next     uint64
	handle   func(Delivery) error
	caughtUp func()
	// started is true once a session got going, failure what handle returned.
	started bool
	failure error
}

// session reads with one consumer of its own until something goes wrong, and
// returns what. A consumer numbers what it delivers, so that a loss shows.
func (f *follower) session(ctx context.Context) error {
	ctx, cancel := f.log.untilReconnect(ctx)
	defer cancel()
	consumer, err := f.consumer(ctx)
	if err != nil {
		return err
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(followAhead),
		jetstream.PullHeartbeat(followHeartbeat), jetstream.WithMessagesErrOnMissingHeartbeat(true))
	if err != nil {
		return err
	}
	defer messages.Stop()
	f.started = true
	behind := consumer.CachedInfo().NumPending
	if behind == 0 {
		f.caughtUp()
	}
	for delivered := uint64(1); ; delivered++ {
		m, err := messages.Next(jetstream.NextContext(ctx))
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
		d := delivery(m, meta)
		f.failure = f.log.handOver(ctx, f.config.Stream, &d, func(d *Delivery) error { return f.handle(*d) })
		if f.failure != nil {
			return f.failure
		}
		f.next = meta.Sequence.Stream + 1
		// Messages may expire before they are delivered, so counting alone could
		// wait for ever.
		if delivered >= behind || meta.NumPending == 0 {
			f.caughtUp()
		}
	}
}

func (f *follower) consumer(ctx context.Context) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	return f.log.js.CreateConsumer(ctx, f.config.Stream, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: f.next, FilterSubjects: f.config.Subjects,
		HeadersOnly: f.config.HeadersOnly, AckPolicy: jetstream.AckNonePolicy, MaxDeliver: 1,
		MemoryStorage: true, Replicas: 1, InactiveThreshold: followForgotten,
	})
}

// untilReconnect returns a context that also ends when the connection comes back
// after a loss: what was asked of the broker before is forgotten then.
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

// Get reads one message of a stream by its sequence. It returns
// jetstream.ErrMsgNotFound when the stream does not have it any more.
func (l *Log) Get(ctx context.Context, stream string, sequence uint64) (*jetstream.RawStreamMsg, error) {
	s, err := l.js.Stream(ctx, stream)
	if err != nil {
		return nil, fmt.Errorf("look at stream %s: %w", stream, err)
	}
	m, err := s.GetMsg(ctx, sequence)
	if err != nil {
		return nil, fmt.Errorf("get message %d of %s: %w", sequence, stream, err)
	}
	return m, nil
}

// GetLast reads the newest message on a subject. It returns
// jetstream.ErrMsgNotFound when there is none.
func (l *Log) GetLast(ctx context.Context, stream, subject string) (*jetstream.RawStreamMsg, error) {
	s, err := l.js.Stream(ctx, stream)
	if err != nil {
		return nil, fmt.Errorf("look at stream %s: %w", stream, err)
	}
	m, err := s.GetLastMsgForSubject(ctx, subject)
	if err != nil {
		return nil, fmt.Errorf("get the last message on %s: %w", subject, err)
	}
	return m, nil
}
