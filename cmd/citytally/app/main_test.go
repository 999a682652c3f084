package app

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/citytally/citytally/ingest/natsd/natsdtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, natsdtest.IgnoreObjectPut()) }
