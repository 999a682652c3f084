package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"

	"github.com/citytally/citytally/ingest/event"
)

// Announce publishes a message for those who listen at this moment, on a subject of no stream,
// and returns when the broker has it. The error is a [DeniedError] where this program's user may
// not, and a Permanent where the message is too large.
func (l *Log) Announce(ctx context.Context, subject, id string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	calling, done := l.Deniable(ctx, subject)
	m := nats.NewMsg(subject)
	m.Header.Set(nats.MsgIdHdr, id)
	m.Data = body
	before := l.nc.LastError()
	err := l.nc.PublishMsg(m)
	if err == nil {
		err = l.nc.FlushWithContext(calling)
	}
	// The broker tells a denial before it answers the flush, though not to the caller.
	if last := l.nc.LastError(); err == nil && last != before {
		if denied := asDenied(l.nc, last); denied != nil && denied.Subject == subject {
			return done(denied)
		}
	}
	if errors.Is(err, nats.ErrMaxPayload) {
		return done(event.Permanentf("announce on %s: %w", subject, err))
	}
	if err != nil {
		return done(fmt.Errorf("announce on %s: %w", subject, err))
	}
	return done(nil)
}
