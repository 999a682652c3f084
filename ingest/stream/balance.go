package stream

import (
	"context"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Imbalance is a place where ClickHouse does not show what the log holds.
type Imbalance struct {
	Area    string `json:"area"`
	Dataset string `json:"dataset"`
	// What is counted: submissions or observations.
	What string `json:"what"`
	// Log is how many the log holds, Shown how many ClickHouse shows.
	Log   int64 `json:"log"`
	Shown int64 `json:"shown"`
}

// What an Imbalance counts.
const (
	CountSubmissions  = "submissions"
	CountObservations = "observations"
)

// String says it for a person.
func (i Imbalance) String() string {
	return fmt.Sprintf("%s %s: the log holds %d %s, ClickHouse shows %d", i.Area, i.Dataset, i.Log, i.What, i.Shown)
}

// Origin is the area and the dataset of a submission, as its subject says. Both
// are "" where the subject has another form.
type Origin struct{ Area, Dataset string }

// OriginOf reads a subject such as submissions.320812.sti-annual.
func OriginOf(subject string) Origin {
	tokens := strings.Split(subject, ".")
	if len(tokens) != 3 {
		return Origin{}
	}
	return Origin{Area: tokens[1], Dataset: tokens[2]}
}

// Census is how many messages a stream holds of each origin, at one moment.
type Census struct {
	First, Last uint64 // sequences of the oldest and the newest message
	Messages    map[Origin]int64
}

// Census counts a stream's messages by origin. The broker keeps these counts, so
// that it is cheap.
func (l *Log) Census(ctx context.Context, stream string) (*Census, error) {
	s, err := l.js.Stream(ctx, stream)
	if err != nil {
		return nil, fmt.Errorf("look at stream %s: %w", stream, err)
	}
	info, err := s.Info(ctx, jetstream.WithSubjectFilter(">"))
	if err != nil {
		return nil, fmt.Errorf("count subjects of %s: %w", stream, err)
	}
	c := &Census{First: info.State.FirstSeq, Last: info.State.LastSeq, Messages: map[Origin]int64{}}
	for subject, n := range info.State.Subjects {
		c.Messages[OriginOf(subject)] += int64(n)
	}
	return c, nil
}
