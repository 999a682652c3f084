package answer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// ErrReleased is returned by [CreateRelease] when there is a release of that name with
// other content.
var ErrReleased = errors.New("the name stands for another release, and a release never changes")

// UnpublishableError is returned by [CreateRelease] for totals that must not be published
// under their indicators' coverage policy, or of which a derived figure is below zero, and that the
// request does not let out. Needless are indicators that it names to be let out and that nothing keeps back.
type UnpublishableError struct {
	Totals   []event.Total
	Needless []string
}

func (u *UnpublishableError) Error() string {
	ids := make([]string, len(u.Totals))
	for i := range u.Totals {
		ids[i] = u.Totals[i].Indicator
	}
	needless := ""
	if len(u.Needless) > 0 {
		needless = "; named without need: " + strings.Join(u.Needless, ", ")
	}
	return fmt.Sprintf("%d totals are not publishable: %s%s", len(u.Totals), strings.Join(ids, ", "), needless)
}

// UnreportedError is returned by [CreateRelease] where the indicators named as absent are not
// those for which nobody has reported anything. Unnamed are such as nobody has reported, and
// Reported those that were named and have a total or should have none.
type UnreportedError struct {
	Unnamed  []tally.Unreported
	Reported []string
}

func (u *UnreportedError) Error() string {
	ids := make([]string, len(u.Unnamed))
	for i := range u.Unnamed {
		ids[i] = u.Unnamed[i].Indicator
	}
	return fmt.Sprintf("unreported and not named as absent: %s; named as absent and not unreported: %s", strings.Join(ids, ", "), strings.Join(u.Reported, ", "))
}

// ReleaseRequest asks for a release of a period's totals.
type ReleaseRequest struct {
	Name   string
	Period catalogue.Period
	Note   string
	// Force releases all totals that must not be published, too, and With those of the indicators;
	// they stay marked as such.
	Force bool
	With  []string
	// Absent are the indicators that the release is known to lack.
	Absent []string
	// Person is who makes the release.
	Person event.Person
}

// CreateRelease freezes the period's totals of the history under a name. Where there is
// a release of that name already, the same content returns that release with repeated
// true, and other content [ErrReleased]. Totals that must not be published return an
// [UnpublishableError], and indicators that nobody has reported and the request does not name
// an [UnreportedError].
func CreateRelease(ctx context.Context, log *stream.Log, c *catalogue.Catalogue, h *ledger.History, r ReleaseRequest, now time.Time) (release *event.Release, repeated bool, err error) {
	if r, found := event.ControlIn(r.Note, ""); found {
		return nil, false, fmt.Errorf("note: take the control character %U out", r)
	}
	release = &event.Release{
		Name: r.Name, Period: r.Period.String(), Note: r.Note, CreatedAt: now.UnixMilli(),
		Basis: h.Ledger.Basis(), Catalogue: c.Version(), Totals: tally.OfPeriod(c, h.Ledger, r.Period), Person: r.Person,
	}
	if !h.Moment.Received.IsZero() {
		release.Received = h.Moment.Received.UnixMilli()
	}
	if len(release.Totals) == 0 {
		return nil, false, fmt.Errorf("nobody has reported anything for %s: there is nothing to release", r.Period)
	}
	if release.Absent, err = absent(c, release.Totals, &r); err != nil {
		return nil, false, err
	}
	if err := withheld(release.Totals, &r); err != nil {
		return nil, false, err
	}
	err = log.PublishRelease(ctx, release)
	if !errors.Is(err, stream.ErrConflict) {
		return release, false, err
	}
	earlier, err := log.Release(ctx, r.Name)
	if err != nil {
		return nil, false, err
	}
	if !earlier.SameContent(release) {
		return nil, false, fmt.Errorf("%s: %w; choose another name", r.Name, ErrReleased)
	}
	return earlier, true, nil
}

// withheld returns an [UnpublishableError] for totals that the request does not let out.
func withheld(totals []event.Total, r *ReleaseRequest) error {
	stopped := &UnpublishableError{Needless: slices.Clone(r.With)}
	for i := range totals {
		if t := &totals[i]; unpublishable(t) {
			stopped.Needless = slices.DeleteFunc(stopped.Needless, func(id string) bool { return id == t.Indicator })
			if !r.Force && !slices.Contains(r.With, t.Indicator) {
				stopped.Totals = append(stopped.Totals, *t)
			}
		}
	}
	if len(stopped.Totals)+len(stopped.Needless) == 0 {
		return nil
	}
	return stopped
}

// unpublishable reports whether a total has a figure that must not be published, be it one
// that is left out for its digits, or waits because all that was reported is held, or one that
// was derived from years to date that fell: a loss, or a mistake in one of them.
func unpublishable(t *event.Total) bool {
	if slices.Contains(t.Flags, event.DerivedNegative) {
		return true
	}
	return !t.Publishable && (t.Value != "" || slices.Contains(t.Flags, event.Overflow) || t.Held != nil)
}

// absent returns the indicators without a total, in the catalogue's order, once the request
// names them and no others.
func absent(c *catalogue.Catalogue, totals []event.Total, r *ReleaseRequest) ([]string, error) {
	var ids []string
	wrong := &UnreportedError{}
	has := byIndicator(totals)
	for _, u := range tally.UnreportedOf(c, r.Period, func(id string) bool { return has[id] != nil }) {
		if ids = append(ids, u.Indicator); !slices.Contains(r.Absent, u.Indicator) {
			wrong.Unnamed = append(wrong.Unnamed, u)
		}
	}
	for _, id := range r.Absent {
		if !slices.Contains(ids, id) {
			wrong.Reported = append(wrong.Reported, id)
		}
	}
	if len(wrong.Unnamed)+len(wrong.Reported) > 0 {
		return nil, wrong
	}
	return ids, nil
}
