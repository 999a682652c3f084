package sink

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/sink/digest"
)

// The error codes of ClickHouse (src/Common/ErrorCodes.cpp) for which Advice has more to say
// than the error itself.
const (
	codeNoSuchColumn      = 16
	codeUnknownIdentifier = 47
	codeTypeMismatch      = 53
	codeUnknownTable      = 60
	codeUnknownDatabase   = 81
	codeCannotWrite       = 75
	codeTimeout           = 159
	codeReadonly          = 164
	codeUnknownUser       = 192
	codeWrongPassword     = 193
	codeNoPassword        = 194
	codeTooManyQueries    = 202
	codeNetworkTimeout    = 209
	codeNetwork           = 210
	codeMemoryLimit       = 241
	codeTableIsReadOnly   = 242
	codeNotEnoughSpace    = 243
	codeTooManyParts      = 252
	codeAllConnections    = 279
	codeKeeper            = 999
	codeCannotAllocate    = 173
	codeCannotScheduleJob = 439
	codeAccessDenied      = 497
	codeAuthentication    = 516
)

// Advice says in a few words what a person can do about an error of a Store.
func Advice(err error) bilingual.Text {
	switch {
	case isOtherTable(err):
		return bilingual.Text{
			ZH: "缺少表或列，或其定义被改动，重算不能修复；请由日志写入新表：citytally replay --into clickhouse",
			EN: "a table or a column is missing or altered, which no recomputation mends; have new tables filled from the log: citytally replay --into clickhouse",
		}
	case hasCode(err, codeAuthentication, codeUnknownUser, codeWrongPassword, codeNoPassword):
		return bilingual.Text{
			ZH: "请检查 clickhouse.dsn 中的用户名和口令",
			EN: "check user and password in clickhouse.dsn",
		}
	case hasCode(err, codeReadonly, codeAccessDenied):
		return bilingual.Text{
			ZH: "请授予 clickhouse.dsn 的用户对其数据库的 CREATE、SELECT、INSERT 权限，不要设为只读（readonly）",
			EN: "grant the user of clickhouse.dsn CREATE, SELECT and INSERT on its database, without readonly",
		}
	case hasCode(err, codeTableIsReadOnly, codeKeeper):
		return bilingual.Text{
			ZH: "表处于只读状态：请检查 ClickHouse Keeper",
			EN: "the table is read-only: look after ClickHouse Keeper",
		}
	case isDiskFull(err):
		return bilingual.Text{
			ZH: "请在 ClickHouse 存放数据的磁盘上腾出空间，内嵌的 ClickHouse 存放在数据目录下",
			EN: "free disk space where ClickHouse keeps its data, which for the embedded one is the data directory",
		}
	case hasCode(err, codeCannotWrite):
		return bilingual.Text{
			ZH: "ClickHouse 无法写入其数据所在磁盘，原因见其所述；请检查该磁盘",
			EN: "ClickHouse cannot write where it keeps its data, for the reason that it names; look after that disk",
		}
	case digest.IsUnreadable(err):
		return bilingual.Text{
			ZH: "表的一部分数据已损坏；citytally recompute 会将其移开，并由日志补齐",
			EN: "a part of a table is damaged; citytally recompute puts it aside and fills in from the log what it held",
		}
	case hasCode(err, codeMemoryLimit, codeCannotAllocate):
		return bilingual.Text{
			ZH: "请为 ClickHouse 增加内存，或调低 sink.batch_rows",
			EN: "give ClickHouse more memory, or lower sink.batch_rows",
		}
	case hasCode(err, codeTooManyParts):
		return bilingual.Text{
			ZH: "后台合并滞后；请等待，或调高 sink.batch_rows",
			EN: "merges lag behind; wait, or raise sink.batch_rows",
		}
	case hasCode(err, codeTooManyQueries, codeCannotScheduleJob):
		return bilingual.Text{
			ZH: "服务器繁忙；请等待，或提高其查询数和线程数上限",
			EN: "the server is busy; wait, or raise its limit on queries and threads",
		}
	case hasCode(err, codeTimeout), errors.Is(err, context.DeadlineExceeded), isSilent(err):
		return bilingual.Text{
			ZH: "写入超时；请查看服务器负载，或调高 sink.insert_timeout",
			EN: "the insert took too long; look at the server's load, or raise sink.insert_timeout",
		}
	case isNetwork(err):
		return bilingual.Text{
			ZH: "请启动 ClickHouse，或更正 clickhouse.dsn 中的地址",
			EN: "start ClickHouse, or correct the address in clickhouse.dsn",
		}
	}
	return bilingual.Text{
		ZH: "请查看 ClickHouse 的说明：内嵌的见 citytally 的日志，其他服务器见该服务器的日志",
		EN: "look at what ClickHouse says of it: for the embedded one in the log of citytally, for another server in that server's log",
	}
}

// isOtherTable reports whether a table or column is not there, or of another type.
func isOtherTable(err error) bool {
	return hasCode(err, codeUnknownTable, codeNoSuchColumn, codeUnknownDatabase, codeUnknownIdentifier, codeTypeMismatch)
}

// advised says what is wrong, what a person can do about it, and what ClickHouse says.
func advised(zh, en string, err error) error {
	advice := Advice(err)
	return bilingual.Errorf(zh+"（"+advice.ZH+"）：%v", en+" ("+advice.EN+"): %v", err)
}

// failure says what could not be done, and what a person can do about it where no recomputation helps.
func failure(what string, err error) error {
	if isOtherTable(err) {
		advice := Advice(err)
		return &bilingual.Error{Text: bilingual.Text{ZH: fmt.Sprintf("%s: %v；%s", what, err, advice.ZH), EN: fmt.Sprintf("%s: %v; %s", what, err, advice.EN)}, Err: err}
	}
	return fmt.Errorf("%s: %w", what, err)
}

// isDiskFull reports whether ClickHouse has no room for what it was to write.
func isDiskFull(err error) bool {
	return hasCode(err, codeNotEnoughSpace) || strings.Contains(err.Error(), "No space left on device") || strings.Contains(err.Error(), "Disk quota exceeded")
}

// isSilent reports whether a connected server did not answer in time.
func isSilent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "read" && op.Timeout()
}

func isNetwork(err error) bool {
	var network net.Error
	return errors.As(err, &network) || hasCode(err, codeNetwork, codeNetworkTimeout, codeAllConnections) ||
		errors.Is(err, clickhouse.ErrAcquireConnTimeout) || strings.Contains(err.Error(), "EOF")
}

func hasCode(err error, codes ...int32) bool {
	code, ok := errorCode(err)
	return ok && slices.Contains(codes, code)
}

func errorCode(err error) (int32, bool) {
	var exception *clickhouse.Exception
	if errors.As(err, &exception) {
		return exception.Code, true
	}
	return 0, false
}
