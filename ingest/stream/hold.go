package stream

import (
	"context"
	"strings"
)

// HeldError says that nothing is published to SUBMISSIONS now: what comes would get the places of
// messages that were lost. It passes once a person has decided what becomes of these.
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

// Unwrap returns what was lost.
func (e *HeldError) Unwrap() error { return e.Why }

// HoldIntake has every publishing to SUBMISSIONS ask first whether it may. ask may wait a while for what it
// does not know yet.
func (l *Log) HoldIntake(ask func(context.Context) *HeldError) {
	l.health.mu.Lock()
	defer l.health.mu.Unlock()
	l.health.held = ask
}

// IntakeHeld returns why nothing is published to SUBMISSIONS now, or nil.
func (l *Log) IntakeHeld(ctx context.Context) *HeldError {
	l.health.mu.Lock()
	ask := l.health.held
	l.health.mu.Unlock()
	if ask == nil {
		return nil
	}
	return ask(ctx)
}
