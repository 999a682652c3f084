package wire_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/wire"
)

func TestMain(m *testing.M) {
	wire.FindLibrary = func() (string, error) { return chdb.Fetch(context.Background(), chdb.FetchConfig{}) }
	code := m.Run()
	if err := wire.CloseEngine(); err != nil {
		fmt.Fprintln(os.Stderr, "close engine:", err)
		code = 1
	}
	os.Exit(code)
}
