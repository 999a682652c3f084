package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/citytally/citytally/ingest/event"
)

// Bury stores a dead letter for a message that cannot be processed, durably,
// and only then acknowledges the message.
func (l *Log) Bury(ctx context.Context, stage, stream string, d *Delivery, cause error, now time.Time) error {
	if err := l.BuryPart(ctx, stage, stream, d, d.Body, cause, now); err != nil {
		return err
	}
	return d.Ack()
}

// BuryPart stores a dead letter for that part of a message which cannot be
// processed, durably; the message itself is not acknowledged.
func (l *Log) BuryPart(ctx context.Context, stage, stream string, d *Delivery, part []byte, cause error, now time.Time) error {
	body, err := json.Marshal(event.DeadLetter{
		Stage: stage, Stream: stream, Sequence: d.Sequence, Subject: d.Subject,
		StoredAt: d.StoredAt, DiedAt: now.UTC(), Error: cause.Error(), Body: part,
	})
	if err != nil {
		return fmt.Errorf("encode dead letter: %w", err)
	}
	id := stage + "." + stream + "." + strconv.FormatUint(d.Sequence, 10)
	if _, err := l.Publish(ctx, Message{Subject: "dead." + stage, ID: id, Body: body}); err != nil {
		return fmt.Errorf("bury message %d of %s: %w", d.Sequence, stream, err)
	}
	l.logger.Warn().Str("stage", stage).Str("stream", stream).Uint64("sequence", d.Sequence).
		Str("subject", d.Subject).AnErr("cause", cause).Msg("message put aside in DEAD")
	return nil
}
