package crowd

import (
	"errors"
	"testing"

	"github.com/citytally/citytally/sink/chdb/exception"
)

func TestReadersAreCounted(t *testing.T) {
	readers := NewReaders(1)
	leave, err := readers.Enter()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readers.Enter(); !errors.As(err, new(*exception.Error)) {
		t.Errorf("got %v", err)
	}
	leave()
	if _, err := readers.Enter(); err != nil {
		t.Error(err)
	}
}
