package direct

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/rs/zerolog"

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
)

// Run takes in what districts publish until ctx ends, and returns nil. Any number of processes
// may run it: one is active and the others stand by, so that the order stays.
func Run(ctx context.Context, log *stream.Log, logger zerolog.Logger) error {
	return log.Work(ctx, stream.WorkConfig{
		Stage: "direct", What: "take in what districts published", Batch: batch, DrainFor: stream.DrainFor, Logger: logger,
		Consumer: stream.ConsumerConfig{Stream: stream.Direct, Name: Consumer, AckWait: ackWait, MaxPending: 2 * batch, Single: true},
	}, stream.NewBatchTask(batch, func(ctx context.Context, batch []stream.Delivery) error { return forward(ctx, log, batch) }))
}

// forward publishes a batch to SUBMISSIONS, in the order of DIRECT. What was published before
// and is delivered again has the same message id, and the same key for ever after.
func forward(ctx context.Context, log *stream.Log, batch []stream.Delivery) error {
	batch = slices.SortedFunc(slices.Values(batch), func(a, b stream.Delivery) int { return cmp.Compare(a.Sequence, b.Sequence) })
	messages := make([]stream.Message, len(batch))
	for i := range batch {
		messages[i] = message(&batch[i])
	}
	refused := stream.Refusals{}
	for i, result := range log.PublishEach(ctx, messages...) {
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

// message returns a message of DIRECT as one of SUBMISSIONS.
func message(d *stream.Delivery) stream.Message {
	origin, sequence := event.OriginOf(d.Subject), strconv.FormatUint(d.Sequence, 10)
	header := map[string]string{event.DirectHeader: sequence, event.ViaHeader: Way, event.ByHeader: origin.Area}
	if key := d.ID(); key != "" {
		header[event.KeyHeader] = key
	}
	return stream.Message{Subject: "submissions." + origin.Area + "." + origin.Dataset, ID: "direct." + sequence, Header: header, Body: d.Body}
}
