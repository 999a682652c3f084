package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// Follow folds ACCEPTED in from behind the ledger's basis until ctx ends. It calls caughtUp once,
// when the ledger holds everything up to the log's end. A message that cannot be
// read is skipped; the tally worker puts it aside in DEAD.
func (l *Ledger) Follow(ctx context.Context, log *stream.Log, logger zerolog.Logger, caughtUp func()) error {
	extent, err := log.Extent(ctx, stream.Accepted)
	if err == nil && extent.Messages == 0 {
		// The stream was created anew behind what it had held: nothing up to there comes.
		l.begin(extent.Last)
	}
	return log.Follow(ctx, stream.FollowConfig{Stream: stream.Accepted, From: l.Basis() + 1, Stage: "ledger"}, func(d stream.Delivery) error {
		batch, err := event.DecodeAccepted(d.Body)
		if err != nil && !event.IsPermanent(err) {
			return fmt.Errorf("read message %d of ACCEPTED: %w", d.Sequence, err)
		}
		if err != nil {
			l.Skip(d.Sequence, d.Subject, err)
			logger.Error().Err(err).Uint64("sequence", d.Sequence).Msg("unreadable message in ACCEPTED")
			return nil
		}
		err = l.Apply(d.Sequence, d.Subject, batch)
		if event.IsNewerLayout(err) {
			return err
		}
		if err != nil {
			logger.Error().Err(err).Uint64("sequence", d.Sequence).Msg("figures in a unit that does not convert")
		}
		return nil
	}, caughtUp)
}

// ReadAccepted returns the message at a sequence of ACCEPTED. ACCEPTED keeps its
// messages for ever, so the error for one that is gone says that the broker has lost
// data, and what to do.
func ReadAccepted(ctx context.Context, log *stream.Log, sequence uint64) (*jetstream.RawStreamMsg, error) {
	m, err := log.Get(ctx, stream.Accepted, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, fmt.Errorf("ACCEPTED lost its message %d, which is kept for ever: restore the broker's data from a backup", sequence)
	}
	return m, err
}
