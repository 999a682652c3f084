package direct

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

const (
	// mostTogether is how many messages of one area are taken in together with those of others.
	// An area that sends more at once gets a lane.
	mostTogether = 64
	// lanePrefix begins the names of the lanes' consumers.
	lanePrefix = Consumer + "-"
	// lookEvery is how often a process looks for lanes that another one has set up.
	lookEvery = 10 * time.Second
	// knownFor is how long an active process need not look at the broker for lanes: another one
	// takes its place after three seconds at the earliest.
	knownFor = time.Second
)

// lane is the consumer that receives what an area publishes, from one place in DIRECT on.
func lane(area string, from uint64) stream.ConsumerConfig {
	name := lanePrefix + area
	if strings.ContainsFunc(area, func(r rune) bool {
		return !(r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z')
	}) {
		sum := sha256.Sum256([]byte(area))
		name = lanePrefix + "x" + hex.EncodeToString(sum[:16])
	}
	return stream.ConsumerConfig{
		Stream: stream.Direct, Name: name, Subject: "direct." + area + ".*", From: from,
		AckWait: ackWait, MaxPending: 2 * mostTogether, MaxBytes: prefetch, Single: true,
	}
}

// lanes returns from which place in DIRECT on each area has a lane, and has this process work on
// each of them.
func (f *forwarder) lanes(ctx context.Context) (map[string]uint64, error) {
	branches, err := f.log.Branches(ctx, stream.Direct, lanePrefix)
	if err != nil {
		return nil, err
	}
	from := map[string]uint64{}
	for _, b := range branches {
		area := strings.Split(b.Subject, ".")[1]
		from[area] = b.From
		f.keep(area, b.From)
	}
	return from, nil
}

// setUp gives areas a lane each, from a place in DIRECT on. It returns the areas that get none
// because the broker does not let this program's user make one.
func (f *forwarder) setUp(ctx context.Context, areas map[string]uint64) (without map[string]bool, err error) {
	without = map[string]bool{}
	for area, from := range areas {
		_, err := f.log.Create(ctx, lane(area, from))
		switch {
		case stream.IsDenied(err):
			without[area] = true
			f.denied.Do(func() {
				f.logger.Warn().Err(err).Str("area", area).Msg("an area that publishes much at once keeps others waiting, because it can have no consumer of its own; set the broker's users up anew")
			})
		case err != nil:
			return nil, err
		default:
			f.logger.Info().Str("area", area).Uint64("from", from).Msg("an area that publishes much at once is taken in apart from the others from now on")
			f.keep(area, from)
		}
	}
	return without, nil
}

// keep has this process work on an area's lane, or stand by for it, until it stops.
func (f *forwarder) keep(area string, from uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kept[area] {
		return
	}
	f.kept[area] = true
	f.group.Go(func() error {
		return f.log.Work(f.stopping, stream.WorkConfig{
			Stage: "direct", What: "take in what " + event.Excerpt(area, 100) + " published", Batch: mostTogether, DrainFor: stream.DrainFor, Logger: f.logger,
			Consumer: lane(area, from),
		}, stream.NewBatchTask(mostTogether, func(ctx context.Context, batch []stream.Delivery) error {
			if err := f.room.AwaitRoom(f.stopping, area); err != nil {
				return err
			}
			return f.publish(ctx, sorted(batch))
		}))
	})
}

// look looks for lanes from time to time until the program stops.
func (f *forwarder) look(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if _, err := f.lanes(ctx); err != nil && ctx.Err() == nil {
			f.logger.Debug().Err(err).Msg("lanes not listed")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
