package digest

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// Comparer compares tables with the log. What it has read of both it does not read again.
// Its methods may be called by many goroutines.
type Comparer struct {
	log    *stream.Log
	conn   driver.Conn
	mu     sync.Mutex
	key    hashKey
	tables []*comparison
	types  map[string]map[string]string // of the columns of tables, by table; nil until they were asked for
}

// comparison is what is known of one table.
type comparison struct {
	table    *Table
	expected expected
	shown    *shown // nil until the table has been looked at
	agreed   map[uint64]agreement
}

// agreement is what the digests of a group were when its rows were found to agree although
// the digests did not, because rows are stored more than once.
type agreement struct{ expected, shown Sum }

// New returns a comparer. Nothing is read before it compares.
func New(log *stream.Log, conn driver.Conn, tables ...Table) *Comparer {
	var key [16]byte
	rand.Read(key[:]) //nolint:errcheck // never fails
	c := &Comparer{log: log, conn: conn, key: hashKey{binary.LittleEndian.Uint64(key[:8]), binary.LittleEndian.Uint64(key[8:])}}
	for i := range tables {
		c.tables = append(c.tables, &comparison{table: &tables[i]})
	}
	return c
}

// passes is how often a table is compared until a difference counts. A message that came
// twice while its first rows were read looks like a difference once.
const passes = 2

// Compare returns where the tables hold other rows than the log says. A table that does not
// exist holds none.
func (c *Comparer) Compare(ctx context.Context) ([]event.Imbalance, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []event.Imbalance
	for _, t := range c.tables {
		var found []event.Imbalance
		for range passes {
			var err error
			if found, err = c.compare(ctx, t); err != nil {
				return nil, err
			}
			if len(found) == 0 {
				break
			}
		}
		all = append(all, found...)
	}
	return all, nil
}

// compare compares one table once.
func (c *Comparer) compare(ctx context.Context, t *comparison) ([]event.Imbalance, error) {
	last, err := c.begin(ctx, t)
	if err != nil {
		return nil, err
	}
	differing, of, err := c.differing(ctx, t, last)
	if err != nil {
		return nil, err
	}
	var found []event.Imbalance
	for _, name := range t.shown.unreadable() {
		found = append(found, event.Imbalance{What: t.table.What, Unreadable: name})
	}
	more, err := c.describe(ctx, t, differing, of)
	return append(found, more...), err
}

// begin takes in the messages of the stream that the sink has stored, and returns the
// sequence of the last of them.
func (c *Comparer) begin(ctx context.Context, t *comparison) (last uint64, err error) {
	position, err := c.log.Position(ctx, t.table.Stream, t.table.Consumer)
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return 0, err
	}
	// Acknowledgements are not durable: the position may fall back after a crash.
	last = max(position.AckFloor, t.expected.next-min(t.expected.next, 1))
	if err := t.expected.read(ctx, c.log, t.table, c.key, last); err != nil {
		return 0, err
	}
	if t.shown != nil {
		return last, nil
	}
	types, err := c.typesOf(ctx, t.table)
	if err != nil {
		return 0, err
	}
	hash, err := t.table.hashText(c.key, types)
	if err != nil {
		return 0, err
	}
	t.shown = &shown{conn: c.conn, table: t.table, hash: hash, parts: map[part]*partSums{}}
	t.agreed = map[uint64]agreement{}
	return last, nil
}

// typesOf returns the types of a table's columns. It asks for those of all tables at once.
func (c *Comparer) typesOf(ctx context.Context, table *Table) (map[string]string, error) {
	if c.types[table.Name] == nil {
		names := make([]string, len(c.tables))
		for i, t := range c.tables {
			names[i] = t.table.Name
		}
		var err error
		if c.types, err = columnTypes(ctx, c.conn, names); err != nil {
			return nil, err
		}
	}
	if c.types[table.Name] == nil {
		return nil, fmt.Errorf("table %s does not exist; have new tables filled from the log: citytally replay --into clickhouse", table.Name)
	}
	return c.types[table.Name], nil
}

// differing returns the groups whose rows differ, in order, and the messages that were
// compared, of those up to last.
func (c *Comparer) differing(ctx context.Context, t *comparison, last uint64) (groups []uint64, of span, err error) {
	sums, err := t.shown.sums(ctx, t.expected.first)
	if err != nil {
		return nil, of, err
	}
	groups = slices.Collect(maps.Keys(sums))
	for group := range t.expected.group {
		if _, ok := sums[group]; !ok {
			groups = append(groups, group)
		}
	}
	groups = slices.DeleteFunc(groups, func(g uint64) bool {
		due := t.due(g)
		return sums[g] == due || t.agreed[g] == agreement{due, sums[g]}
	})
	if len(groups) == 0 {
		return nil, of, nil
	}
	if of, err = t.shown.span(ctx, c.log, t.expected.first, last); err != nil {
		return nil, of, err
	}
	distinct, err := t.shown.distinct(ctx, groups, of)
	if err != nil {
		return nil, of, err
	}
	groups = slices.DeleteFunc(groups, func(g uint64) bool {
		due := t.due(g)
		if distinct[g] != due {
			return false
		}
		t.agreed[g] = agreement{due, sums[g]}
		return true
	})
	slices.Sort(groups)
	return groups, of, nil
}

// due returns the digest that a group should have.
func (t *comparison) due(group uint64) Sum {
	if g := t.expected.group[group]; g != nil {
		return g.Sum
	}
	return Sum{}
}

const (
	// describedGroups is how many groups that differ are described row by row; the others
	// are described together.
	describedGroups = 16
	// groupsAtOnce is how many groups are mended at once.
	groupsAtOnce = 16
)

// describe returns the places at which groups differ.
func (c *Comparer) describe(ctx context.Context, t *comparison, groups []uint64, of span) ([]event.Imbalance, error) {
	described, others := groups[:min(len(groups), describedGroups)], groups[min(len(groups), describedGroups):]
	d, err := c.difference(ctx, t, described, of)
	if err != nil {
		return nil, err
	}
	type counts struct{ lacking, surplus int64 }
	byPlace := map[place]counts{}
	for _, at := range d.lacking {
		n := byPlace[at]
		n.lacking++
		byPlace[at] = n
	}
	for _, at := range d.surplus {
		n := byPlace[at]
		n.surplus++
		byPlace[at] = n
	}
	var found []event.Imbalance
	for at, n := range byPlace {
		found = append(found, event.Imbalance{
			What: t.table.What, Area: at[0], Dataset: at[1], Indicator: at[2], Period: at[3], Lacking: n.lacking, Surplus: n.surplus,
		})
	}
	slices.SortFunc(found, func(a, b event.Imbalance) int {
		return cmp.Or(cmp.Compare(a.Area, b.Area), cmp.Compare(a.Dataset, b.Dataset), cmp.Compare(a.Period, b.Period), cmp.Compare(a.Indicator, b.Indicator))
	})
	if len(others) > 0 {
		found = append(found, event.Imbalance{What: t.table.What, Others: int64(len(others))})
	}
	return found, nil
}

// difference is what groups of a table lack, and what they have that the log does not hold,
// by the hash of the row.
type difference struct {
	lacking, surplus map[uint64]place
	// messages hold the rows that are lacking.
	messages []stream.Delivery
}

// difference reads groups row by row on both sides.
func (c *Comparer) difference(ctx context.Context, t *comparison, groups []uint64, of span) (*difference, error) {
	d := &difference{lacking: map[uint64]place{}, surplus: map[uint64]place{}}
	if len(groups) == 0 {
		return d, nil
	}
	var err error
	if d.surplus, err = t.shown.rows(ctx, groups, of); err != nil {
		return nil, err
	}
	from, to := ^uint64(0), uint64(0)
	for _, number := range groups {
		if g := t.expected.group[number]; g != nil {
			from, to = min(from, g.from), max(to, g.to)
		}
	}
	told := map[uint64]bool{} // places
	err = readMessages(ctx, c.log, t.table, from, to, func(m *stream.Delivery) error {
		rows, err := t.table.rows(m)
		if err != nil {
			return err
		}
		hashed, err := t.table.hash(c.key, rows)
		if err != nil {
			return err
		}
		names, err := t.table.names(rows)
		if err != nil {
			return err
		}
		lacking := false
		for i, row := range hashed {
			if _, in := slices.BinarySearch(groups, row.place>>groupBits); !in || told[row.place] && !rows.Additional {
				continue
			}
			if _, has := d.surplus[row.hash]; has {
				delete(d.surplus, row.hash)
				continue
			}
			d.lacking[row.hash], lacking = names[i], true
		}
		for _, row := range hashed {
			told[row.place] = told[row.place] || !rows.Additional
		}
		if lacking {
			d.messages = append(d.messages, *m)
		}
		return nil
	})
	return d, err
}
