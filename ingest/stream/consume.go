package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ConsumerConfig describes a durable consumer.
type ConsumerConfig struct {
	Stream, Name string
	// AckWait is how long a delivered message may go without an acknowledgement
	// or a sign of progress before it is delivered again.
	AckWait time.Duration
	// MaxPending bounds the messages that are delivered and not acknowledged.
	MaxPending int
	// Single makes one process active at a time; others stand by and take over
	// AckWait after it has gone, three seconds at least.
	Single bool
}

// Consumer receives a stream's messages in batches. Whatever it delivered and
// nobody acknowledged comes again.
type Consumer struct {
	nc       *nats.Conn
	ctx      jetstream.ConsumeContext
	messages chan jetstream.Msg
	stopped  chan struct{}
	ackWait  time.Duration
	release  func() // lets another process become the active one
	busy     bool   // the last batch of Gather was large
}

const (
	// The priority group in which a Single consumer pins its active process.
	activeGroup = "active"
	// The client library makes no request that waits for less.
	shortestRequest = time.Second
)

// Consume creates the durable consumer, or updates it, and begins to receive.
func (l *Log) Consume(ctx context.Context, config ConsumerConfig) (*Consumer, error) {
	cc := jetstream.ConsumerConfig{
		Durable: config.Name, AckPolicy: jetstream.AckExplicitPolicy, AckWait: config.AckWait,
		MaxAckPending: config.MaxPending, MaxDeliver: -1,
	}
	options := []jetstream.PullConsumeOpt{
		jetstream.PullMaxMessages(config.MaxPending),
		jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
			l.logger.Debug().Err(err).Str("consumer", config.Name).Msg("consumer hiccup")
		}),
	}
	if config.Single {
		cc.PriorityPolicy = jetstream.PriorityPolicyPinned
		cc.PriorityGroups = []string{activeGroup}
		// Only a new request keeps the active process's place, so requests have to
		// end well before it is lost, on a quiet stream as well.
		renew := max(config.AckWait/3, shortestRequest)
		cc.PinnedTTL = 3 * renew
		options = append(options, jetstream.PullPriorityGroup(activeGroup), jetstream.PullExpiry(renew))
	}
	consumer, err := l.js.CreateOrUpdateConsumer(ctx, config.Stream, cc)
	if err != nil {
		return nil, fmt.Errorf("create consumer %s: %w", config.Name, err)
	}
	c := &Consumer{nc: l.nc, messages: make(chan jetstream.Msg, config.MaxPending), stopped: make(chan struct{}), ackWait: config.AckWait}
	if config.Single {
		c.release = func() { l.unpin(config) }
	}
	c.ctx, err = consumer.Consume(func(m jetstream.Msg) {
		select {
		case c.messages <- m:
		case <-c.stopped:
			_ = m.Nak()
		}
	}, options...)
	if err != nil {
		return nil, fmt.Errorf("consume %s: %w", config.Name, err)
	}
	return c, nil
}

// Batch waits for a message and returns it with those that are there already,
// up to max of them. A quiet stream answers at once, a busy one in large
// batches. It returns the cause of ctx's end.
func (c *Consumer) Batch(ctx context.Context, max int) ([]Delivery, error) {
	var batch []Delivery
	for len(batch) < max {
		if len(batch) > 0 && len(c.messages) == 0 {
			break
		}
		select {
		case <-ctx.Done():
			release(batch)
			return nil, context.Cause(ctx)
		case m := <-c.messages:
			d, err := newDelivery(m)
			if err != nil {
				release(batch)
				return nil, err
			}
			batch = append(batch, d)
		}
	}
	return batch, nil
}

const (
	// A batch of this many messages means that a backlog is being worked off.
	busyBatch = 64
	// How long Gather then waits for more. At a steady rate below busyBatch in
	// this time it soon stops waiting again.
	gatherFor = 250 * time.Millisecond
)

// Gather is Batch for work that costs less when there is more of it at once: as
// long as batches are large it waits a moment for the next to grow. A quiet
// stream still answers at once. It is for one goroutine at a time.
func (c *Consumer) Gather(ctx context.Context, max int) ([]Delivery, error) {
	batch, err := c.Batch(ctx, max)
	if err != nil {
		return nil, err
	}
	if c.busy {
		enough := time.NewTimer(gatherFor)
		defer enough.Stop()
		for waiting := true; waiting && len(batch) < max; {
			select {
			case <-ctx.Done():
				release(batch)
				return nil, context.Cause(ctx)
			case <-enough.C:
				waiting = false
			case m := <-c.messages:
				d, err := newDelivery(m)
				if err != nil {
					release(batch)
					return nil, err
				}
				batch = append(batch, d)
			}
		}
	}
	c.busy = len(batch) >= busyBatch
	return batch, nil
}

// Stop ends receiving and gives back what was received and not asked for, so
// that it need not wait for AckWait to be delivered again.
func (c *Consumer) Stop() {
	close(c.stopped)
	if c.nc.IsConnected() {
		// What the client library holds is handed over before it closes.
		c.ctx.Drain()
	} else {
		c.ctx.Stop()
	}
	<-c.ctx.Closed()
	for len(c.messages) > 0 {
		_ = (<-c.messages).Nak()
	}
	if c.release != nil {
		c.release()
	}
}

// How long giving up the active place may take; without it another process
// takes over after AckWait.
const unpinTimeout = time.Second

func (l *Log) unpin(config ConsumerConfig) {
	ctx, cancel := context.WithTimeout(context.Background(), unpinTimeout)
	defer cancel()
	stream, err := l.js.Stream(ctx, config.Stream)
	if err == nil {
		err = stream.UnpinConsumer(ctx, config.Name, activeGroup)
	}
	if err != nil {
		l.logger.Debug().Err(err).Str("consumer", config.Name).Msg("active place not given up")
	}
}

func release(batch []Delivery) {
	for i := range batch {
		_ = batch[i].Release(0)
	}
}

// Hold tells the broker, until the returned function is called, that work on the
// batch goes on.
func (c *Consumer) Hold(batch []Delivery) (done func()) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(c.ackWait / 3)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				for i := range batch {
					_ = batch[i].msg.InProgress()
				}
			}
		}
	}()
	return func() { close(stop); <-stopped }
}

// Delivery is a message as delivered.
type Delivery struct {
	Subject string
	Body    []byte
	// Sequence is its place in the stream, StoredAt when the broker stored it.
	Sequence uint64
	StoredAt time.Time
	// Attempt counts deliveries from 1.
	Attempt uint64

	msg jetstream.Msg
}

func newDelivery(m jetstream.Msg) (Delivery, error) {
	meta, err := m.Metadata()
	if err != nil {
		return Delivery{}, fmt.Errorf("read message metadata: %w", err)
	}
	return delivery(m, meta), nil
}

func delivery(m jetstream.Msg, meta *jetstream.MsgMetadata) Delivery {
	return Delivery{
		Subject: m.Subject(), Body: m.Data(), Sequence: meta.Sequence.Stream,
		StoredAt: meta.Timestamp.UTC(), Attempt: meta.NumDelivered, msg: m,
	}
}

// Header returns a header's value, or "".
func (d *Delivery) Header(key string) string { return d.msg.Headers().Get(key) }

// Ack tells the broker that the message has had its effect. The broker may
// forget that in a crash and deliver it again.
func (d *Delivery) Ack() error {
	if err := d.msg.Ack(); err != nil && !errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		return fmt.Errorf("acknowledge %s: %w", d.Subject, err)
	}
	return nil
}

// Release gives the message back, to be delivered again after the delay.
func (d *Delivery) Release(delay time.Duration) error { return d.msg.NakWithDelay(delay) }

// AckAll acknowledges a batch.
func AckAll(batch []Delivery) error {
	for i := range batch {
		if err := batch[i].Ack(); err != nil {
			return err
		}
	}
	return nil
}
