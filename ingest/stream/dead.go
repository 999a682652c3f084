package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// DeadLetter is a message that a stage could not process: JSON on dead.<stage>.
type DeadLetter struct {
	Stage    string    `json:"stage"`
	Stream   string    `json:"stream"`
	Sequence uint64    `json:"sequence"`
	Subject  string    `json:"subject"`
	StoredAt time.Time `json:"stored_at"`
	DiedAt   time.Time `json:"died_at"`
	Error    string    `json:"error"`
	// Body is the message as it was.
	Body []byte `json:"body"`
}

// Bury stores a dead letter for a message that cannot be processed, durably,
// and only then acknowledges the message.
func (l *Log) Bury(ctx context.Context, stage, stream string, d *Delivery, cause error, now time.Time) error {
	body, err := json.Marshal(DeadLetter{
		Stage: stage, Stream: stream, Sequence: d.Sequence, Subject: d.Subject,
		StoredAt: d.StoredAt, DiedAt: now.UTC(), Error: cause.Error(), Body: d.Body,
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
	return d.Ack()
}
