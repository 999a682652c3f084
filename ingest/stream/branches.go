package stream

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Branch is a durable consumer that was set up beside another one for a part of a stream.
type Branch struct {
	Name, Subject string
	// From is the first sequence that it receives.
	From uint64
}

// Branches returns the durable consumers of a stream that [Log.Create] made with names that begin
// with a prefix, and with a subject and a first sequence.
func (l *Log) Branches(ctx context.Context, stream, prefix string) ([]Branch, error) {
	s, err := l.js.Stream(ctx, stream)
	if err != nil {
		return nil, fmt.Errorf("look at stream %s: %w", stream, err)
	}
	var all []Branch
	consumers := s.ListConsumers(ctx)
	for info := range consumers.Info() {
		subjects := info.Config.FilterSubjects
		if info.Config.FilterSubject != "" {
			subjects = []string{info.Config.FilterSubject}
		}
		if strings.HasPrefix(info.Config.Durable, prefix) && len(subjects) == 1 && info.Config.OptStartSeq > 0 {
			all = append(all, Branch{Name: info.Config.Durable, Subject: subjects[0], From: info.Config.OptStartSeq})
		}
	}
	if err := consumers.Err(); err != nil {
		return nil, fmt.Errorf("list consumers of %s: %w", stream, err)
	}
	slices.SortFunc(all, func(a, b Branch) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// IsDenied reports whether the broker refused something to this program's user.
func IsDenied(err error) bool { return isDeniedByBroker(err) }
