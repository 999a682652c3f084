package client

import (
	"context"
	"errors"
	"time"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/ledger"
)

// CreatedRelease is a release that was asked for.
type CreatedRelease struct {
	*event.Release
	// Repeated is true where it was there already.
	Repeated bool
	// Unjudged submissions had been received and came too late for it.
	Unjudged int
}

// CreateRelease freezes the selected totals under a name. Force lets totals out
// that are not publishable. What stands in the way of a release is told by the
// printer, as a RefusedError.
func (c *Client) CreateRelease(ctx context.Context, s Selection, n answer.ReleaseRequest, p *present.Printer) (*CreatedRelease, error) {
	var err error
	if n.Period, err = s.period(); err != nil {
		return nil, err
	}
	log, err := c.OpenLog()
	if err != nil {
		return nil, err
	}
	defer log.Close()
	moment, err := log.moment(&s)
	if err != nil {
		return nil, err
	}
	// Asked before the replay: what is judged meanwhile is in the history.
	position, err := log.log.Position(ctx, stream.Submissions, judge.Consumer)
	if err != nil {
		return nil, err
	}
	history, err := log.replay(ctx, moment, nil)
	if err != nil {
		return nil, err
	}
	created := &CreatedRelease{Unjudged: int(position.Pending + position.Delivered)}
	created.Release, created.Repeated, err = answer.CreateRelease(ctx, log.log, log.catalogue, history, n, time.Now())
	var withheld *answer.UnpublishableError
	switch {
	case errors.As(err, &withheld):
		return nil, &RefusedError{errors.New(p.Unpublishable(withheld))}
	case errors.Is(err, answer.ErrReleased):
		return nil, &RefusedError{err}
	case err != nil:
		return nil, err
	}
	return created, nil
}

// CheckReleaseName reports a name that no release can have.
func CheckReleaseName(name string) error {
	if err := event.CheckReleaseName(name); err != nil {
		return app.Usage(err)
	}
	return nil
}

// Releases returns all releases.
func (c *Client) Releases(ctx context.Context) ([]*event.Release, error) {
	log, err := c.OpenLog()
	if err != nil {
		return nil, err
	}
	defer log.Close()
	return log.log.Releases(ctx)
}

// CompareRelease tells what differs between a release and the totals of today, and
// which submissions made it so.
func (c *Client) CompareRelease(ctx context.Context, name string) (*present.ReleaseDiff, error) {
	log, err := c.OpenLog()
	if err != nil {
		return nil, err
	}
	defer log.Close()
	release, _, err := log.release(ctx, name)
	if err != nil {
		return nil, err
	}
	then, err := log.replay(ctx, answer.MomentOf(release), nil)
	if err != nil {
		return nil, err
	}
	today, err := log.replay(ctx, ledger.Moment{}, answer.KeepSince(then))
	if err != nil {
		return nil, err
	}
	differences, err := answer.CompareRelease(log.catalogue, release, then, today)
	if err != nil {
		return nil, err
	}
	return present.NewReleaseDiff(release, differences, log.catalogue.Version()), nil
}
