package digest

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// Mended says what was mended in a table.
type Mended struct {
	What string
	// Stored rows were lacking, Removed ones are not in the log, and Detached parts could
	// not be read.
	Stored, Removed, Detached int
}

// Mend makes the tables agree with the log, and returns those in which something differed.
// With anew it reads every part again. Rows that are lacking are stored before others are
// removed, so that nobody sees a place without a row.
func (c *Comparer) Mend(ctx context.Context, anew bool) ([]Mended, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []Mended
	for _, t := range c.tables {
		m, err := c.mend(ctx, t, anew)
		if err != nil {
			return all, fmt.Errorf("mend %s: %w", t.table.Name, err)
		}
		if m.Stored+m.Removed+m.Detached > 0 {
			all = append(all, m)
		}
	}
	return all, nil
}

// PutAside reads every part of the tables and detaches those that cannot be read, so that the others
// can be queried, and returns how many those were. Mend fills in what they held.
func (c *Comparer) PutAside(ctx context.Context) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := 0
	for _, t := range c.tables {
		if _, err := c.begin(ctx, t); err != nil {
			return all, fmt.Errorf("look for damaged parts of %s: %w", t.table.Name, err)
		}
		clear(t.shown.parts)
		clear(t.agreed)
		if _, err := t.shown.sums(ctx, t.expected.first); err != nil {
			return all, fmt.Errorf("look for damaged parts of %s: %w", t.table.Name, err)
		}
		n, err := t.shown.detach(ctx)
		if all += n; err != nil {
			return all, err
		}
	}
	return all, nil
}

func (c *Comparer) mend(ctx context.Context, t *comparison, anew bool) (Mended, error) {
	m := Mended{What: t.table.What}
	last, err := c.begin(ctx, t)
	if err != nil {
		return m, err
	}
	if anew {
		clear(t.shown.parts)
		clear(t.agreed)
	}
	differing, of, err := c.differing(ctx, t, last)
	if err != nil {
		return m, err
	}
	// A mutation does not get past a part that cannot be read.
	if m.Detached, err = t.shown.detach(ctx); err != nil {
		return m, err
	}
	var surplus []uint64
	for groups := range slices.Chunk(differing, groupsAtOnce) {
		d, err := c.difference(ctx, t, groups, of)
		if err != nil {
			return m, err
		}
		if len(d.messages) > 0 {
			if err := t.table.Store(ctx, d.messages); err != nil {
				return m, err
			}
		}
		m.Stored += len(d.lacking)
		surplus = slices.AppendSeq(surplus, maps.Keys(d.surplus))
	}
	if err := t.shown.remove(ctx, differing, surplus, of); err != nil {
		return m, err
	}
	m.Removed = len(surplus)
	return m, nil
}
