package direct

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

const (
	// Consumer is the name of the durable consumer of DIRECT.
	Consumer = "direct"
	// Way is the way in that submissions from DIRECT have.
	Way = "nats"

	batch   = 256
	ackWait = 30 * time.Second
	// prefetch bounds, in bytes, what a consumer of DIRECT has in hand: two of the largest messages. Many
	// areas with as much as other consumers have would be more than the broker holds for a connection
	// before it cuts it.
	prefetch = 16 << 20
)

// Room tells how much more of an area may wait for its verdict.
type Room interface {
	// HasRoom reports whether more may wait.
	HasRoom(ctx context.Context, area string) bool
	// AwaitRoom waits until more may. When ctx ends, the error is its cause.
	AwaitRoom(ctx context.Context, area string) error
}

// forwarder takes in what districts publish. Areas have no lane until they publish much at once.
type forwarder struct {
	log    *stream.Log
	room   Room
	logger zerolog.Logger

	stopping context.Context // of Run
	group    *errgroup.Group // the lanes' workers
	denied   sync.Once       // told that there can be no lanes

	// known are the lanes as they were at knownAt, when this process was the active one. No other
	// takes over within knownFor.
	known   map[string]uint64
	knownAt time.Time

	mu   sync.Mutex
	kept map[string]bool // areas on whose lane this process works
}

// Run takes in what districts publish until ctx ends, and returns nil. Any number of processes
// may run it: one is active and the others stand by, so that the order stays. What an area
// publishes beyond a few messages at once is taken in apart from the others, in its order, as room
// lets it.
func Run(ctx context.Context, log *stream.Log, room Room, logger zerolog.Logger) error {
	group, ctx := errgroup.WithContext(ctx)
	f := &forwarder{log: log, room: room, logger: logger, stopping: ctx, group: group, kept: map[string]bool{}}
	group.Go(func() error { return f.look(ctx) })
	group.Go(func() error {
		return log.Work(ctx, stream.WorkConfig{
			Stage: "direct", What: "take in what districts published", Batch: batch, DrainFor: stream.DrainFor, Logger: logger,
			Consumer: stream.ConsumerConfig{Stream: stream.Direct, Name: Consumer, AckWait: ackWait, MaxPending: 2 * batch, MaxBytes: prefetch, Single: true},
		}, stream.NewBatchTask(batch, f.forward))
	})
	return group.Wait()
}

// sorted returns a batch in the order of DIRECT.
func sorted(batch []stream.Delivery) []stream.Delivery {
	return slices.SortedFunc(slices.Values(batch), func(a, b stream.Delivery) int { return cmp.Compare(a.Sequence, b.Sequence) })
}

// forward publishes a batch to SUBMISSIONS, but for what belongs to lanes. An area that has more
// in it than goes together with others, or than may wait for a verdict, gets a lane for the rest,
// once what comes before that is published.
func (f *forwarder) forward(ctx context.Context, batch []stream.Delivery) error {
	if time.Since(f.knownAt) > knownFor {
		known, err := f.lanes(ctx)
		if err != nil {
			return err
		}
		f.known = known
	}
	together, apart := []stream.Delivery{}, map[string]uint64{}
	of, rest := map[string]int{}, []stream.Delivery{}
	for _, d := range sorted(batch) {
		area := originOf(d.Subject).Area
		if from, has := f.known[area]; has && d.Sequence >= from {
			continue
		}
		if of[area]++; area != "" && apart[area] == 0 && (of[area] == 1 && !f.room.HasRoom(ctx, area) || of[area] > mostTogether) {
			apart[area] = d.Sequence
		}
		if apart[area] > 0 {
			rest = append(rest, d)
			continue
		}
		together = append(together, d)
	}
	refused := f.publish(ctx, together)
	if refused != nil && !event.IsPermanent(refused) {
		return refused
	}
	without, err := f.setUp(ctx, apart)
	if err != nil {
		return err
	}
	for area, from := range apart {
		if !without[area] {
			f.known[area] = from
		}
	}
	f.knownAt = time.Now()
	rest = slices.DeleteFunc(rest, func(d stream.Delivery) bool { return !without[originOf(d.Subject).Area] })
	if err := f.publish(ctx, rest); err != nil {
		return merged(refused, err)
	}
	return refused
}

// merged returns the refusals of two parts of a batch as one, or the second error where that may
// pass.
func merged(first, second error) error {
	a, ok := first.(stream.Refusals)
	b, both := second.(stream.Refusals)
	if !ok || !both {
		return second
	}
	for sequence, err := range b {
		a[sequence] = err
	}
	return a
}

// publish publishes messages of DIRECT to SUBMISSIONS. What was published before and is delivered
// again has the same message id, and the same key for ever after.
func (f *forwarder) publish(ctx context.Context, batch []stream.Delivery) error {
	refused := stream.Refusals{}
	batch = slices.DeleteFunc(slices.Clone(batch), func(d stream.Delivery) bool {
		if originOf(d.Subject) != (event.Origin{}) {
			return false
		}
		refused[d.Sequence] = event.Permanentf("%q names no area: a district publishes on submissions.<area>.<dataset>", event.Excerpt(d.Subject, 200))
		return true
	})
	messages := make([]stream.Message, len(batch))
	for i := range batch {
		messages[i] = message(&batch[i])
	}
	for i, result := range f.log.PublishEach(ctx, messages...) {
		switch {
		case event.IsPermanent(result.Err):
			refused[batch[i].Sequence] = result.Err
		case result.Err != nil:
			return result.Err
		}
	}
	if len(refused) > 0 {
		return refused
	}
	return nil
}

// originOf returns area and dataset of a subject of DIRECT. The broker lets a district publish on a subject
// that reads like a pattern, submissions.<area>.*, and acknowledges it; what stands there for the
// dataset goes on as a name like any other that the catalogue has not, so that a verdict tells the
// district.
func originOf(subject string) event.Origin {
	tokens := strings.Split(subject, ".")
	if len(tokens) != 3 {
		return event.Origin{}
	}
	return event.OriginOf("direct." + tokens[1] + "." + event.AsToken(tokens[2]))
}

// message returns a message of DIRECT as one of SUBMISSIONS.
func message(d *stream.Delivery) stream.Message {
	origin, sequence := originOf(d.Subject), strconv.FormatUint(d.Sequence, 10)
	header := map[string]string{event.DirectHeader: sequence, event.ViaHeader: Way, event.ByHeader: origin.Area}
	if key := d.ID(); key != "" {
		header[event.KeyHeader] = key
	}
	return stream.Message{Subject: "submissions." + origin.Area + "." + origin.Dataset, ID: "direct." + sequence, Header: header, Body: d.Body}
}
