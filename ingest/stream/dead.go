package stream

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/citytally/citytally/ingest/event"
)

// bury stores a letter for a message that a stage cannot process, durably.
func (l *Log) bury(ctx context.Context, stage, stream string, d *Delivery, cause error) error {
	sum := sha256.Sum256(d.Body)
	letter := event.DeadLetter{
		Stage: stage, Stream: stream, Sequence: d.Sequence, Subject: d.Subject, StoredAt: d.StoredAt,
		DiedAt: time.Now().UTC(), Error: cause.Error(), Hash: hex.EncodeToString(sum[:]), Size: len(d.Body),
	}
	if !keepsMessages(stream) {
		letter.Body = d.Body
	}
	body, err := letter.Encode()
	if err != nil {
		return err
	}
	id := stage + "." + stream + "." + strconv.FormatUint(d.Sequence, 10)
	if _, err := l.Publish(ctx, Message{Subject: "dead." + stage, ID: id, Body: body}); err != nil {
		return fmt.Errorf("bury message %d of %s: %w", d.Sequence, stream, err)
	}
	l.logger.Warn().Str("stage", stage).Str("stream", stream).Uint64("sequence", d.Sequence).
		Str("subject", letter.Subject).AnErr("cause", cause).Msg("message put aside in DEAD")
	return nil
}
