package stream

import (
	"context"
	"strings"

	"github.com/citytally/citytally/configs/bilingual"
)

// HeldError says that nothing is published to SUBMISSIONS, ACCEPTED and VERDICTS now: what comes would
// get the places of messages that were lost. It passes once a person has decided what becomes of these.
type HeldError struct {
	// Streams are those that have lost messages; none while that is not known yet.
	Streams []string
	// Why says what was lost, and what to do.
	Why error
}

// Error says why.
func (e *HeldError) Error() string {
	if len(e.Streams) == 0 {
		return e.Why.Error()
	}
	return "nothing is taken in until a person has decided, because it would get the places of what " + strings.Join(e.Streams, " and ") + " has lost: " + e.Why.Error()
}

// Chinese says the same in Chinese.
func (e *HeldError) Chinese() string {
	why := bilingual.Chinese(e.Why)
	if len(e.Streams) == 0 {
		return why
	}
	return "处理之前不再写入日志，以免占用 " + strings.Join(e.Streams, "、") + " 中丢失内容的位置：" + why
}

// Unwrap returns what was lost.
func (e *HeldError) Unwrap() error { return e.Why }

// HoldIntake has every publishing to SUBMISSIONS, ACCEPTED and VERDICTS ask first whether it may: of what
// people send and decide, and of what is judged. ask may wait a while for what it does not know yet; nil lets
// everything go on.
func (l *Log) HoldIntake(ask func(context.Context) *HeldError) {
	l.health.mu.Lock()
	defer l.health.mu.Unlock()
	l.health.held = ask
}

// IntakeHeld returns why nothing is published to these streams now, or nil.
func (l *Log) IntakeHeld(ctx context.Context) *HeldError {
	l.health.mu.Lock()
	ask := l.health.held
	l.health.mu.Unlock()
	if ask == nil {
		return nil
	}
	return ask(ctx)
}
