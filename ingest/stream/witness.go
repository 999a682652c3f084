package stream

import (
	"context"
	"fmt"
	"maps"
	"time"
)

// mostWrittenOver bounds how many places are known that were written over.
const mostWrittenOver = 1000

// WriteOver notes that SUBMISSIONS has another message at a place than the submission that was judged
// there, which is lost.
func (l *Log) WriteOver(sequence uint64, lost string) {
	l.health.mu.Lock()
	defer l.health.mu.Unlock()
	if len(l.health.writtenOver) < mostWrittenOver {
		l.health.writtenOver[sequence] = lost
	}
}

// WrittenOver returns the submissions that are known to be lost, by the place in SUBMISSIONS that
// another has now, behind a place.
func (l *Log) WrittenOver(behind uint64) map[uint64]string {
	l.health.mu.Lock()
	defer l.health.mu.Unlock()
	known := maps.Clone(l.health.writtenOver)
	maps.DeleteFunc(known, func(sequence uint64, _ string) bool { return sequence <= behind })
	return known
}

// KnowDirect notes that a message of SUBMISSIONS, stored at an instant, is one that DIRECT had at a
// sequence.
func (l *Log) KnowDirect(sequence uint64, at time.Time) {
	l.health.mu.Lock()
	defer l.health.mu.Unlock()
	if sequence > l.health.direct.sequence && sequence <= maxSequence {
		l.health.direct = knownDirect{sequence, at}
	}
}

// knownDirect is the newest message of DIRECT of which SUBMISSIONS tells, and when it was taken over.
type knownDirect struct {
	sequence uint64
	at       time.Time
}

// LostDirect returns the sequence of a message that DIRECT has lost at its end, of which this process
// knows from SUBMISSIONS, and 0 where there is none or somebody has accepted the loss.
func (l *Log) LostDirect(ctx context.Context) (uint64, error) {
	l.health.mu.Lock()
	known := l.health.direct
	l.health.mu.Unlock()
	extent, err := l.Extent(ctx, Direct)
	if err != nil || known.sequence <= extent.Last || !known.at.After(extent.AcceptedAt) {
		return 0, err
	}
	return known.sequence, nil
}

// KnowOriginal notes that the submission at a sequence, stored at an instant, came in a file with a
// SHA-256. The log is that of a user who may read files.
func (l *Log) KnowOriginal(sequence uint64, hash string, at time.Time) {
	l.health.mu.Lock()
	defer l.health.mu.Unlock()
	if sequence > l.health.original.sequence {
		l.health.original = knownOriginal{sequence, hash, at, l}
	}
}

// knownOriginal is the newest submission with a file, the SHA-256 of that, when it was stored, and where
// files can be looked for.
type knownOriginal struct {
	sequence uint64
	hash     string
	at       time.Time
	log      *Log
}

// LostOriginal returns the sequence of the newest submission with a file that this process knows of
// where the file is not kept, although it has not expired, and 0 otherwise, or where somebody has
// accepted the loss. Files that make room for others are not lost.
func (l *Log) LostOriginal(ctx context.Context) (uint64, error) {
	l.health.mu.Lock()
	known := l.health.original
	l.health.mu.Unlock()
	if known.hash == "" {
		return 0, nil
	}
	s, err := l.js.Stream(ctx, Originals)
	if err != nil {
		return 0, fmt.Errorf("look at stream %s: %w", Originals, err)
	}
	config := s.CachedInfo().Config
	accepted, _ := time.Parse(time.RFC3339, config.Metadata[acceptedTimeKey])
	if config.MaxBytes > 0 || config.MaxAge > 0 && time.Since(known.at) > config.MaxAge || !known.at.After(accepted) {
		return 0, nil
	}
	if kept, err := known.log.isKept(ctx, originalSubject(known.hash)); err != nil || kept {
		return 0, err
	}
	return known.sequence, nil
}
