package sink

import (
	"context"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// releaseBlock gathers rows of releases_data from RELEASES: the totals of each release, with
// the release's name.
type releaseBlock struct {
	totals   totalsBlock
	releases []*event.Release // the release of each total
}

func (b *releaseBlock) rows() int { return b.totals.rows() }

func (b *releaseBlock) reset() { *b = releaseBlock{} }

func (b *releaseBlock) add(d *stream.Delivery) error {
	release, err := event.DecodeRelease(d.Body)
	if err != nil {
		return err
	}
	rows, err := releaseRows(release, d.Sequence)
	if err != nil {
		return event.Permanentf("release %s: %w", release.Name, err)
	}
	b.totals.totals = append(b.totals.totals, rows...)
	for range rows {
		b.releases = append(b.releases, release)
	}
	return nil
}

// releaseRows returns a release's totals as rows. Their time of computation is the time at
// which the release was made.
func releaseRows(release *event.Release, sequence uint64) ([]totalRow, error) {
	period, err := catalogue.ParsePeriod(release.Period)
	if err != nil {
		return nil, err
	}
	if err := checkTime("created_at", release.Created()); err != nil {
		return nil, err
	}
	if release.Received != 0 {
		if err := checkTime("as_of", release.AsOf()); err != nil {
			return nil, err
		}
	}
	batch := &event.TotalsBatch{
		Basis: release.Basis, Trigger: event.ByManual, Catalogue: release.Catalogue, ComputedAt: release.CreatedAt, Period: release.Period,
	}
	rows := make([]totalRow, len(release.Totals))
	for i := range release.Totals {
		rows[i] = totalRow{Total: release.Totals[i], batch: batch, sequence: sequence, year: uint16(period.Year)}
		if err := rows[i].read(); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func (b *releaseBlock) store(ctx context.Context, s *Store) error {
	return s.insert(ctx, "releases_data", b.allColumns())
}

func (b *releaseBlock) rowCount() int { return b.totals.rowCount() }

func (b *releaseBlock) allColumns() []column {
	texts := func(field func(*event.Release) string) []string {
		return valuesOf(b.releases, func(r **event.Release) string { return field(*r) })
	}
	return append(b.totals.totalColumns(),
		column{"name", texts(func(r *event.Release) string { return r.Name })},
		column{"note", texts(func(r *event.Release) string { return r.Note })},
		column{"absent", valuesOf(b.releases, func(r **event.Release) []string { return append([]string{}, (*r).Absent...) })},
		column{"by", texts(func(r *event.Release) string { return r.Person.Name })},
		column{"by_role", texts(func(r *event.Release) string { return r.Person.Role })},
		column{"by_way", texts(func(r *event.Release) string { return r.Person.Way })},
		column{"as_of", valuesOf(b.releases, func(r **event.Release) *time.Time {
			if (*r).Received == 0 {
				return nil
			}
			at := (*r).AsOf()
			return &at
		})},
	)
}
