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

// Follow folds ACCEPTED in from its start until ctx ends, and calls caughtUp once,
// when the ledger has come to the log's present end. A message that cannot be read
// is passed over; the tally puts it aside in DEAD.
func (l *Ledger) Follow(ctx context.Context, log *stream.Log, logger zerolog.Logger, caughtUp func()) error {
	return log.Follow(ctx, stream.FollowConfig{Stream: stream.Accepted}, func(d stream.Delivery) error {
		batch, err := event.DecodeAccepted(d.Body)
		if err != nil && !event.IsPermanent(err) {
			return fmt.Errorf("read message %d of ACCEPTED: %w", d.Sequence, err)
		}
		if err != nil {
			l.Skip(d.Sequence, d.Subject, err)
			logger.Error().Err(err).Uint64("sequence", d.Sequence).Msg("unreadable message in ACCEPTED")
			return nil
		}
		if err := l.Apply(d.Sequence, d.Subject, batch); err != nil {
			logger.Error().Err(err).Uint64("sequence", d.Sequence).Msg("row left out of the ledger")
		}
		return nil
	}, caughtUp)
}

// ReadAccepted returns the message at a sequence of ACCEPTED that a ledger names.
// That it is gone is an error which says what to do: the log keeps it for ever.
func ReadAccepted(ctx context.Context, log *stream.Log, sequence uint64) (*jetstream.RawStreamMsg, error) {
	m, err := log.Get(ctx, stream.Accepted, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, fmt.Errorf("ACCEPTED lost its message %d, which is kept for ever: restore the broker's data from a backup", sequence)
	}
	return m, err
}
