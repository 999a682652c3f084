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
)

// CreatedRelease is the result of CreateRelease.
type CreatedRelease struct {
	*event.Release
	// Repeated is true for a release that existed already, with the same totals.
	Repeated bool
	// Unjudged is how many submissions had been received and not judged, and so are
	// not in the release.
	Unjudged int
}

// CreateRelease freezes the selected totals under a name. It returns a RefusedError,
// in the printer's words, for totals that are not publishable, unless they are forced,
// for indicators that nobody has reported, unless they are named as absent, and for a name
// that has other totals.
func (c *Client) CreateRelease(ctx context.Context, s Selection, n answer.ReleaseRequest, p *present.Printer) (*CreatedRelease, error) {
	var err error
	if n.Period, err = s.period(); err != nil {
		return nil, err
	}
	replayer, err := c.openReplayer(ctx)
	if err != nil {
		return nil, err
	}
	defer replayer.close()
	moment, err := replayer.moment(&s)
	if err != nil {
		return nil, err
	}
	// The position is read before the replay, which has what is judged meanwhile.
	position, err := replayer.log.Position(ctx, stream.Submissions, judge.Consumer)
	if err != nil {
		return nil, err
	}
	history, err := replayer.replay(ctx, moment)
	if err != nil {
		return nil, err
	}
	n.Person = app.CurrentPerson()
	created := &CreatedRelease{Unjudged: int(position.Pending + position.Delivered)}
	created.Release, created.Repeated, err = answer.CreateRelease(ctx, replayer.log, history.Ledger.Catalogue(), history, n, time.Now())
	var withheld *answer.UnpublishableError
	var unreported *answer.UnreportedError
	switch {
	case errors.As(err, &unreported):
		return nil, &RefusedError{errors.New(p.DescribeUnreported(unreported))}
	case errors.As(err, &withheld):
		return nil, &RefusedError{errors.New(p.DescribeUnpublishable(withheld))}
	case errors.Is(err, answer.ErrReleased):
		return nil, &RefusedError{err}
	case err != nil:
		return nil, err
	}
	return created, nil
}

// CheckReleaseName returns a UsageError for a name that no release can have.
func CheckReleaseName(name string) error {
	if err := event.CheckReleaseName(name); err != nil {
		return app.Usage(err)
	}
	return nil
}

// Releases returns all releases.
func (c *Client) Releases(ctx context.Context) ([]*event.Release, error) {
	replayer, err := c.openReplayer(ctx)
	if err != nil {
		return nil, err
	}
	defer replayer.close()
	return replayer.log.Releases(ctx)
}

// CompareRelease returns how a release differs from the totals of today, and the
// submissions that changed them.
func (c *Client) CompareRelease(ctx context.Context, name string) (*present.ReleaseDiff, error) {
	replayer, err := c.openReplayer(ctx)
	if err != nil {
		return nil, err
	}
	defer replayer.close()
	release, _, err := replayer.release(ctx, name)
	if err != nil {
		return nil, err
	}
	then, err := replayer.replay(ctx, answer.MomentOf(release))
	if err != nil {
		return nil, err
	}
	today, err := replayer.replaySince(ctx, answer.MomentOf(release), answer.KeepSince(then))
	if err != nil {
		return nil, err
	}
	inForce := today.Ledger.Catalogue()
	differences, err := answer.CompareRelease(inForce, release, then, today)
	if err != nil {
		return nil, err
	}
	return present.NewReleaseDiff(release, differences, inForce.Version()), nil
}
