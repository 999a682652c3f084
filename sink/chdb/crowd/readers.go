package crowd

import (
	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
)

// Readers counts what users who only read hold of something that others need too.
type Readers chan struct{}

// NewReaders returns a count of at most that many.
func NewReaders(most int) Readers { return make(Readers, most) }

// Enter takes one, which leave gives back; TOO_MANY_SIMULTANEOUS_QUERIES (202) when they hold all they can.
func (r Readers) Enter() (leave func(), err error) {
	select {
	case r <- struct{}{}:
		return func() { <-r }, nil
	default:
		return nil, exception.Newf(proto.ErrTooManySimultaneousQueries,
			"Too many connections: users who only read have %d at once; close some, or try again later", cap(r))
	}
}
