package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/ingest/event"
)

// ErrNoRelease is returned when there is no release of a name.
var ErrNoRelease = bilingual.New("没有此发布版", "no such release")

const releasePrefix = "releases."

// PublishRelease stores a release under its name, durably. It returns
// ErrConflict when the name is taken.
func (l *Log) PublishRelease(ctx context.Context, r *event.Release) error {
	if err := event.CheckReleaseName(r.Name); err != nil {
		return err
	}
	body, err := event.EncodeRelease(r)
	if err != nil {
		return err
	}
	nothing := uint64(0)
	if _, err := l.Publish(ctx, Message{Subject: releasePrefix + r.Name, Body: body, ExpectLast: &nothing}); err != nil {
		return fmt.Errorf("publish release %s: %w", r.Name, err)
	}
	return nil
}

// Release reads the release of a name. It returns ErrNoRelease when there is none.
func (l *Log) Release(ctx context.Context, name string) (*event.Release, error) {
	if err := event.CheckReleaseName(name); err != nil {
		return nil, err
	}
	m, err := l.GetLast(ctx, Releases, releasePrefix+name)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, bilingual.Errorf("%v：%s", "%v: %s", ErrNoRelease, name)
	}
	if err != nil {
		return nil, err
	}
	return event.DecodeRelease(m.Data)
}

// Releases returns every release, by name. A message that is none is passed over; the
// sink has put it aside in DEAD.
func (l *Log) Releases(ctx context.Context) ([]*event.Release, error) {
	var all []*event.Release
	following, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	err := l.Follow(following, FollowConfig{Stream: Releases}, func(d Delivery) error {
		r, err := event.DecodeRelease(d.Body)
		switch {
		case event.IsPermanent(err):
			l.logger.Warn().Err(err).Str("subject", d.Subject).Uint64("sequence", d.Sequence).Msg("no release that can be read")
			return nil
		case err != nil:
			return fmt.Errorf("read %s: %w", d.Subject, err)
		}
		all = append(all, r)
		return nil
	}, caughtUp)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("list releases: %w", err)
	}
	slices.SortFunc(all, func(a, b *event.Release) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}
