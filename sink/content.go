package sink

import (
	"context"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink/digest"
)

// comparedBlock is a block whose rows can be compared with the store's.
type comparedBlock interface {
	block
	// allColumns returns every column that the block's rows have.
	allColumns() []column
	// rowCount returns how many rows of its table the block has.
	rowCount() int
}

// comparedTables are the tables that are compared with the log.
func (s *Store) comparedTables() []digest.Table {
	return []digest.Table{
		compared[observationBlock](s, digest.Table{
			Name: "observations_data", What: event.CountObservations, Stream: stream.Accepted, Consumer: AcceptedConsumer,
			Sequence: "accepted_sequence", Group: "sequence", Varying: []string{"accepted_sequence"}, Names: [4]string{"area", "dataset", "indicator", "period"},
		}),
		compared[decisionBlock](s, digest.Table{
			Name: "decisions_data", What: event.CountDecisions, Stream: stream.Accepted, Subjects: []string{decisionsSubject}, Consumer: AcceptedConsumer,
			Sequence: "sequence", Group: "sequence", Names: [4]string{0: "area", 2: "indicator", 3: "period"},
		}),
		compared[holdBlock](s, digest.Table{
			Name: "holds_data", What: event.CountHolds, Stream: stream.Accepted, Consumer: AcceptedConsumer,
			Sequence: "accepted_sequence", Group: "accepted_sequence", Names: [4]string{"area", "dataset", "indicator", "period"},
		}),
		compared[verdictBlock](s, digest.Table{
			Name: "submissions_data", What: event.CountVerdicts, Stream: stream.Verdicts, Consumer: VerdictsConsumer,
			Sequence: "verdict_sequence", Group: "sequence", Varying: []string{"verdict_sequence", "decided_at"}, Names: [4]string{"area", "dataset"},
		}),
		compared[totalsBlock](s, digest.Table{
			Name: "totals_data", What: event.CountTotals, Stream: stream.Totals, Consumer: TotalsConsumer,
			Sequence: "sequence", Group: "sequence", Names: [4]string{2: "indicator", 3: "period"},
		}),
		compared[releaseBlock](s, digest.Table{
			Name: "releases_data", What: event.CountReleases, Stream: stream.Releases, Consumer: ReleasesConsumer,
			Sequence: "sequence", Group: "sequence", Names: [4]string{2: "indicator", 3: "period"},
		}),
	}
}

// compared adds to a table how its rows are made of messages and stored.
func compared[B any, P interface {
	*B
	comparedBlock
}](s *Store, t digest.Table) digest.Table {
	newBlock := func() P {
		b := P(new(B))
		if reader, ok := any(b).(interface{ knows(*Store) }); ok {
			reader.knows(s)
		}
		return b
	}
	t.Rows = func(d *stream.Delivery) (digest.Rows, error) {
		b := newBlock()
		var err error
		if d != nil {
			err = b.add(d)
		}
		return rowsOf(b), err
	}
	t.Store = func(ctx context.Context, messages []stream.Delivery) error {
		b := newBlock()
		for i := range messages {
			if err := b.add(&messages[i]); err != nil && !event.IsPermanent(err) {
				return err
			}
			if b.rows() < restoredAtOnce && i+1 < len(messages) || b.rows() == 0 {
				continue
			}
			if err := b.store(ctx, s); err != nil {
				return err
			}
			b.reset()
		}
		return nil
	}
	return t
}

// restoredAtOnce is how many rows are stored again at once.
const restoredAtOnce = 100_000

// rowsOf returns a block's rows as they are compared.
func rowsOf(b comparedBlock) digest.Rows {
	rows := digest.Rows{N: b.rowCount()}
	if o, ok := b.(*observationBlock); ok {
		rows.Additional = o.additional
	}
	for _, c := range b.allColumns() {
		switch values := c.values.(type) {
		case lazyValues:
			c.values = values()
		case valuesByRow:
			c.values = digest.RowValues(values)
		}
		rows.Columns = append(rows.Columns, digest.Column{Name: c.name, Values: c.values})
	}
	return rows
}

func (p *Projection) compareTables() *digest.Comparer {
	p.begin.Do(func() { p.comparer = digest.New(p.Log, p.conn, p.comparedTables()...) })
	return p.comparer
}

// Compare returns where the store holds other rows than the log says.
func (p *Projection) Compare(ctx context.Context) ([]event.Imbalance, error) {
	return p.compareTables().Compare(ctx)
}

// IsDamage reports whether an error says that ClickHouse cannot read what it has stored.
func (p *Projection) IsDamage(err error) bool { return digest.IsUnreadable(err) }

// PutAside puts the parts of tables aside that ClickHouse cannot read, and returns how many.
func (p *Projection) PutAside(ctx context.Context) (int, error) {
	n, err := p.compareTables().PutAside(ctx)
	if n > 0 {
		p.logger.Error().Int("parts", n).Msg("ClickHouse could not read parts of tables; they were put aside, into the tables' folders detached")
	}
	return n, err
}

// Mend makes the tables and views agree with the log and with this program, and returns what
// it changed. With anew it reads all rows, as a disk may have altered them.
func (p *Projection) Mend(ctx context.Context, anew bool) ([]event.Mended, error) {
	// What a newer program has stored would look altered to this one.
	applied, err := p.appliedMigrations(ctx)
	if err != nil {
		return nil, err
	}
	migrations, err := readMigrations(schema)
	if err != nil {
		return nil, err
	}
	if err := p.checkApplied(applied, migrations); err != nil {
		return nil, err
	}
	if _, err := p.defineViews(ctx); err != nil {
		return nil, err
	}
	mended, err := p.compareTables().Mend(ctx, anew)
	var all []event.Mended
	for _, m := range mended {
		all = append(all, event.Mended(m))
	}
	return all, err
}
