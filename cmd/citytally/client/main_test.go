package client

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/citytally/citytally/sink/chdb/chdbtest"
)

func TestMain(m *testing.M) {
	chdbtest.BecomeChild()
	goleak.VerifyTestMain(m)
}
