package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/semaphore"
)

// ConsumerConfig describes a durable consumer.
type ConsumerConfig struct {
	Stream, Name string
	// AckWait is how long a delivered message may go without an acknowledgement
	// or a sign of progress before it is delivered again.
	AckWait time.Duration
	// MaxPending bounds the messages that are delivered and not acknowledged.
	MaxPending int
	// MaxBytes bounds the bodies that are received and not asked for, and, but for
	// one message, those of a batch; 0 is 32 MiB, or twice the broker's largest
	// message where that is more.
	MaxBytes int
	// Single makes one process active at a time; others stand by and take over
	// AckWait after it has gone, three seconds at least.
	Single bool
}

// Consumer receives a stream's messages in batches. Whatever it delivered and
// nobody acknowledged comes again.
type Consumer struct {
	nc       *nats.Conn
	name     string
	ctx      jetstream.ConsumeContext
	messages chan jetstream.Msg
	room     *semaphore.Weighted // of the bodies in messages
	maxBytes int
	stop     context.CancelFunc
	ackWait  time.Duration
	shelf    shelf
	keeping  sync.WaitGroup
	release  func() // lets another process become the active one
	busy     bool   // the last batch of Gather was large
}

// While a reader waits out an outage, received messages stay in memory.
const defaultMaxBytes = 32 << 20

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
	// A request for fewer bytes than a message has would wait for ever.
	maxBytes := cmp.Or(config.MaxBytes, max(defaultMaxBytes, 2*int(l.MaxMessage())))
	options := []jetstream.PullConsumeOpt{
		jetstream.PullMaxMessagesWithBytesLimit(config.MaxPending, maxBytes),
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
	receiving, stop := context.WithCancel(context.Background())
	c := &Consumer{
		nc: l.nc, name: config.Name, messages: make(chan jetstream.Msg, config.MaxPending), ackWait: config.AckWait,
		room: semaphore.NewWeighted(int64(maxBytes)), maxBytes: maxBytes, stop: stop,
		shelf: shelf{since: map[jetstream.Msg]time.Time{}},
	}
	if config.Single {
		c.release = func() { l.unpin(config) }
	}
	c.ctx, err = consumer.Consume(func(m jetstream.Msg) {
		if c.room.Acquire(receiving, c.size(m)) != nil {
			_ = m.Nak()
			return
		}
		c.shelf.put(m)
		select {
		case c.messages <- m:
		case <-receiving.Done():
			c.shelf.take(m)
			_ = m.Nak()
		}
	}, options...)
	if err != nil {
		stop()
		return nil, fmt.Errorf("consume %s: %w", config.Name, err)
	}
	c.keeping.Go(func() { c.shelf.keep(receiving, c.ctx.Closed(), config.AckWait/3) })
	return c, nil
}

// size is the room that a message takes; one larger than all of it takes all.
func (c *Consumer) size(m jetstream.Msg) int64 { return int64(min(len(m.Data()), c.maxBytes)) }

// intake is a batch that grows.
type intake struct {
	batch []Delivery
	bytes int
}

func (c *Consumer) full(i *intake, max int) bool { return len(i.batch) >= max || i.bytes >= c.maxBytes }

// add puts a received message into the batch.
func (c *Consumer) add(i *intake, m jetstream.Msg) error {
	c.room.Release(c.size(m))
	c.shelf.take(m)
	d, err := newDelivery(m)
	if err != nil {
		release(i.batch)
		return err
	}
	i.batch = append(i.batch, d)
	i.bytes += len(d.Body)
	return nil
}

// errEnded is what a reader is told when the broker has no such consumer any
// more: it would wait for ever.
var errEnded = errors.New("it was deleted in the broker, or the connection closed; starting again creates it")

// Batch waits for a message and returns it with those that are there already,
// up to max of them, or MaxBytes. A quiet stream answers at once, a busy one in
// large batches. It returns the cause of ctx's end.
func (c *Consumer) Batch(ctx context.Context, max int) ([]Delivery, error) {
	i, err := c.collect(ctx, max)
	return i.batch, err
}

func (c *Consumer) collect(ctx context.Context, max int) (i intake, err error) {
	for !c.full(&i, max) {
		if len(i.batch) > 0 && len(c.messages) == 0 {
			break
		}
		select {
		case <-ctx.Done():
			release(i.batch)
			return intake{}, context.Cause(ctx)
		case <-c.ctx.Closed():
			release(i.batch)
			return intake{}, fmt.Errorf("consumer %s: %w", c.name, errEnded)
		case m := <-c.messages:
			if err := c.add(&i, m); err != nil {
				return intake{}, err
			}
		}
	}
	return i, nil
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
	i, err := c.collect(ctx, max)
	if err != nil {
		return nil, err
	}
	if c.busy {
		enough := time.NewTimer(gatherFor)
		defer enough.Stop()
		for waiting := true; waiting && !c.full(&i, max); {
			select {
			case <-ctx.Done():
				release(i.batch)
				return nil, context.Cause(ctx)
			case <-enough.C:
				waiting = false
			case m := <-c.messages:
				if err := c.add(&i, m); err != nil {
					return nil, err
				}
			}
		}
	}
	c.busy = len(i.batch) >= busyBatch
	return i.batch, nil
}

// Stop ends receiving and gives back what was received and not asked for, so
// that it need not wait for AckWait to be delivered again.
func (c *Consumer) Stop() {
	c.stop()
	if c.nc.IsConnected() {
		// What the client library holds is handed over before it closes.
		c.ctx.Drain()
	} else {
		c.ctx.Stop()
	}
	<-c.ctx.Closed()
	c.keeping.Wait()
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
