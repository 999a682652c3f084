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

// Validators is the name of the durable consumer of SUBMISSIONS, through which the validators share
// what is to be judged.
const Validators = "validate"

// ConsumerConfig describes a durable consumer.
type ConsumerConfig struct {
	Stream, Name string
	// Subject is the pattern of the messages that are received; "" is all of the stream.
	Subject string
	// From is the first sequence that is received; 0 is the first there is. It stays what it was
	// when the consumer was made.
	From uint64
	// AckWait is how long a delivered message may go without an acknowledgement
	// or a sign of progress before it is delivered again.
	AckWait time.Duration
	// MaxPending bounds the messages that are delivered and not acknowledged.
	MaxPending int
	// MaxBytes bounds, in bytes, the bodies of prefetched messages, and the bodies of
	// a batch, which exceeds it by one message at most. 0 is 32 MiB, or twice the
	// broker's largest message where that is more.
	MaxBytes int
	// Single makes one process active at a time. The others stand by; one of them
	// takes over when the active one has been gone for AckWait, at least 3 s.
	Single bool
}

// Consumer receives a stream's messages in batches. A message that was delivered and
// not acknowledged is delivered again.
type Consumer struct {
	nc         *nats.Conn
	name       string
	ctx        jetstream.ConsumeContext
	messages   chan jetstream.Msg
	freeBytes  *semaphore.Weighted // what the bodies in messages leave of maxBytes
	maxBytes   int
	stop       context.CancelFunc
	ackWait    time.Duration
	prefetched prefetched
	background sync.WaitGroup
	unpin      func() // lets another process become active; nil unless Single
	backlog    bool   // whether the last batch of Gather was large
}

// defaultMaxBytes bounds the memory that prefetched messages take while their reader
// waits out an outage.
const defaultMaxBytes = 32 << 20

const (
	// activeGroup is the priority group in which a Single consumer pins its active
	// process.
	activeGroup = "active"
	// shortestRequest is the shortest expiry that the client library takes for a
	// request.
	shortestRequest = time.Second
)

// Consume creates the durable consumer, or updates it, and begins to receive.
func (l *Log) Consume(ctx context.Context, config ConsumerConfig) (*Consumer, error) {
	consumer, err := l.Create(ctx, config)
	if err != nil {
		return nil, err
	}
	// A request for fewer bytes than the next message has would never be answered.
	maxBytes := cmp.Or(config.MaxBytes, max(defaultMaxBytes, 2*int(l.MaxMessage())))
	options := []jetstream.PullConsumeOpt{
		jetstream.PullMaxMessagesWithBytesLimit(config.MaxPending, maxBytes),
		jetstream.ConsumeErrHandler(func(receiving jetstream.ConsumeContext, err error) {
			l.logger.Debug().Err(err).Str("consumer", config.Name).Msg("consumer hiccup")
			if errors.Is(err, nats.ErrNoResponders) && l.lacksConsumer(&config) {
				receiving.Stop()
			}
		}),
	}
	if config.Single {
		options = append(options, jetstream.PullPriorityGroup(activeGroup), jetstream.PullExpiry(config.renew()))
	}
	receiving, stop := context.WithCancel(context.Background())
	c := &Consumer{
		nc: l.nc, name: config.Name, messages: make(chan jetstream.Msg, config.MaxPending), ackWait: config.AckWait,
		freeBytes: semaphore.NewWeighted(int64(maxBytes)), maxBytes: maxBytes, stop: stop,
		prefetched: prefetched{receivedAt: map[jetstream.Msg]time.Time{}},
	}
	if config.Single {
		c.unpin = func() { l.unpin(config) }
	}
	c.ctx, err = consumer.Consume(func(m jetstream.Msg) {
		if c.freeBytes.Acquire(receiving, c.size(m)) != nil {
			_ = m.Nak()
			return
		}
		c.prefetched.add(m)
		select {
		case c.messages <- m:
		case <-receiving.Done():
			c.prefetched.remove(m)
			_ = m.Nak()
		}
	}, options...)
	if err != nil {
		stop()
		return nil, fmt.Errorf("consume %s: %w", config.Name, err)
	}
	c.background.Go(func() { c.prefetched.keepAlive(receiving, c.ctx.Closed(), config.AckWait/3) })
	return c, nil
}

// lacksConsumer reports whether the broker has no such consumer. The client library asks on and on for
// the messages of one that was deleted while no request waited.
func (l *Log) lacksConsumer(config *ConsumerConfig) bool {
	ctx, cancel := context.WithTimeout(context.Background(), shortestRequest)
	defer cancel()
	_, err := l.js.Consumer(ctx, config.Stream, config.Name)
	return errors.Is(err, jetstream.ErrConsumerNotFound)
}

// renew is how often the active process of a Single consumer asks for messages anew. It stays the
// active one by that. On a quiet stream too, a request therefore has to expire, and be made anew,
// well within PinnedTTL.
func (c *ConsumerConfig) renew() time.Duration { return max(c.AckWait/3, shortestRequest) }

// Create creates the durable consumer, or updates it.
func (l *Log) Create(ctx context.Context, config ConsumerConfig) (jetstream.Consumer, error) {
	cc := jetstream.ConsumerConfig{
		Durable: config.Name, AckPolicy: jetstream.AckExplicitPolicy, AckWait: config.AckWait,
		MaxAckPending: config.MaxPending, MaxDeliver: -1,
	}
	if config.From > 0 {
		cc.DeliverPolicy, cc.OptStartSeq = jetstream.DeliverByStartSequencePolicy, config.From
	}
	if config.Subject != "" {
		cc.FilterSubjects = []string{config.Subject}
	}
	if config.Single {
		cc.PriorityPolicy = jetstream.PriorityPolicyPinned
		cc.PriorityGroups = []string{activeGroup}
		cc.PinnedTTL = 3 * config.renew()
	}
	creating, done := l.Deniable(ctx, api+"CONSUMER.CREATE."+config.Stream+"."+config.Name)
	consumer, err := l.js.CreateOrUpdateConsumer(creating, config.Stream, cc)
	if err = done(err); errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("create consumer %s: %w: %w", config.Name, errBrokerSlow, err)
	} else if err != nil {
		return nil, fmt.Errorf("create consumer %s: %w", config.Name, err)
	}
	return consumer, nil
}

// size is how many bytes of freeBytes a message takes; one larger than maxBytes takes
// all of them.
func (c *Consumer) size(m jetstream.Msg) int64 { return int64(min(len(m.Data()), c.maxBytes)) }

// growingBatch is a batch to which messages are still added.
type growingBatch struct {
	deliveries []Delivery
	bytes      int
}

func (c *Consumer) isFull(i *growingBatch, max int) bool {
	return len(i.deliveries) >= max || i.bytes >= c.maxBytes
}

// add moves a prefetched message into the batch.
func (c *Consumer) add(i *growingBatch, m jetstream.Msg) error {
	c.freeBytes.Release(c.size(m))
	c.prefetched.remove(m)
	d, err := newDelivery(m)
	if err != nil {
		nakAll(i.deliveries)
		return err
	}
	i.deliveries = append(i.deliveries, d)
	i.bytes += len(d.Body)
	return nil
}

// errConsumerGone is the error of reading from a consumer that the broker no longer
// has: no message would ever come.
var errConsumerGone = errors.New("it was deleted in the broker, or the connection closed")

// Batch waits for a message and returns it together with the messages that are there
// already, up to max of them or MaxBytes. On a quiet stream a message is returned at
// once, on a busy one batches are large. When ctx ends, the error is its cause.
func (c *Consumer) Batch(ctx context.Context, max int) ([]Delivery, error) {
	i, err := c.receive(ctx, max)
	return i.deliveries, err
}

func (c *Consumer) receive(ctx context.Context, max int) (i growingBatch, err error) {
	for !c.isFull(&i, max) {
		if len(i.deliveries) > 0 && len(c.messages) == 0 {
			break
		}
		select {
		case <-ctx.Done():
			nakAll(i.deliveries)
			return growingBatch{}, context.Cause(ctx)
		case <-c.ctx.Closed():
			nakAll(i.deliveries)
			return growingBatch{}, fmt.Errorf("consumer %s: %w", c.name, errConsumerGone)
		case m := <-c.messages:
			if err := c.add(&i, m); err != nil {
				return growingBatch{}, err
			}
		}
	}
	return i, nil
}

const (
	// busyBatch is how many messages make a batch large, which is taken as the sign
	// that a backlog is being worked off.
	busyBatch = 64
	// gatherTime is how long Gather waits for more messages while there is a backlog.
	// Where fewer than busyBatch messages arrive in this time, Gather stops waiting.
	gatherTime = 250 * time.Millisecond
)

// Gather is Batch for work that costs less per message in large batches: as long as
// batches are large, it waits up to 250 ms for the next one to grow. On a quiet
// stream a message is returned at once. Only one goroutine at a time may call Gather.
func (c *Consumer) Gather(ctx context.Context, max int) ([]Delivery, error) {
	i, err := c.receive(ctx, max)
	if err != nil {
		return nil, err
	}
	if c.backlog {
		enough := time.NewTimer(gatherTime)
		defer enough.Stop()
		for waiting := true; waiting && !c.isFull(&i, max); {
			select {
			case <-ctx.Done():
				nakAll(i.deliveries)
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
	c.backlog = len(i.deliveries) >= busyBatch
	return i.deliveries, nil
}

// Stop ends receiving, and returns the prefetched messages to the broker, so that they
// are delivered again at once and not only after AckWait.
func (c *Consumer) Stop() {
	c.stop()
	if c.nc.IsConnected() {
		// Draining hands over the messages that the client library still holds.
		c.ctx.Drain()
	} else {
		c.ctx.Stop()
	}
	<-c.ctx.Closed()
	c.background.Wait()
	for len(c.messages) > 0 {
		_ = (<-c.messages).Nak()
	}
	if c.unpin != nil {
		c.unpin()
	}
}

// unpinTimeout is how long giving up the active place may take. When it fails, another
// process takes over after AckWait.
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

// KeepAlive tells the broker, three times in each AckWait, that work on the batch goes
// on, so that it is not delivered again. The returned function ends that.
func (c *Consumer) KeepAlive(batch []Delivery) (done func()) {
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
