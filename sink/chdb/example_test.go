package chdb_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"

	_ "github.com/ClickHouse/clickhouse-go/v2" // the driver "clickhouse" of database/sql

	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/chdbtest"
	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/libchdb"
)

// A program needs no Command: it calls chdb.Child when its first argument is chdb.ChildCommand. In a test binary
// chdbtest.Command and chdbtest.BecomeChild do the same.
func Example() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	library, err := libchdb.Fetch(context.Background(), libchdb.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	command, err := chdbtest.Command()
	if err != nil {
		fmt.Println(err)
		return
	}
	server, err := chdb.Start(context.Background(), chdb.Config{
		Dir: dir, Library: library, Command: command, Users: []engine.User{{Name: "default", Password: "secret"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	db, err := sql.Open("clickhouse", server.DSN("default"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	var sum uint64
	if err := db.QueryRow("SELECT sum(number) FROM numbers(10)").Scan(&sum); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sum)
	// Output: 45
}
