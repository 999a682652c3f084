package reconcile

import (
	"fmt"

	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/ingest/stream"
)

// String says what diverges, which side is the poorer, and what to do.
func (d *Divergence) String() string { return d.text().EN }

// Reason returns the divergence as an error, in both languages.
func (d *Divergence) Reason() error { return &bilingual.Error{Text: d.text()} }

func (d *Divergence) text() bilingual.Text {
	const (
		fromSubmissions = "citytally replay --from submissions"
		discardNewer    = "citytally replay --into clickhouse --discard-newer"
	)
	discard := bilingual.Text{
		ZH: "请放回 ClickHouse 写入时所用的消息服务器数据，或接受丢失并让 ClickHouse 与日志一致：" + discardNewer,
		EN: "put back the broker's data that ClickHouse was filled from, or accept the loss and make ClickHouse follow the log: " + discardNewer,
	}
	if d.Stream == stream.Accepted {
		discard = bilingual.Text{
			ZH: "请放回 ClickHouse 写入时所用的消息服务器数据，或先恢复报送、审核结果和 ClickHouse 中还有的内容：" + fromSubmissions + "；再让 ClickHouse 与日志一致，会列出丢失的内容：" + discardNewer,
			EN: "put back the broker's data that ClickHouse was filled from, or bring back first what the submissions, the verdicts and ClickHouse still tell: " + fromSubmissions +
				"; then make ClickHouse follow the log, which names what is lost: " + discardNewer,
		}
	}
	waits := bilingual.Text{ZH: "为避免覆盖，暂停写入", EN: "the sink waits, so that nothing is overwritten"}
	stops := bilingual.Text{}
	if d.StopsIntake() {
		stops = bilingual.Text{ZH: "；处理之前不接收、不审核", EN: "; nothing is taken in and judged until this is decided"}
		waits = bilingual.Text{ZH: "为避免覆盖，处理之前不接收、不审核、不写入", EN: "nothing is taken in, judged or stored until this is decided, so that nothing is overwritten"}
	}
	switch {
	case d.Kind == Gone:
		return bilingual.Text{
			ZH: fmt.Sprintf("消息服务器上没有流 %s：其文件被移走，或被人删除；请放回最新的消息服务器数据，或重新启动 citytally（自备服务器的请运行 citytally setup），会重新创建；之后会说明哪些可以恢复", d.Stream),
			EN: fmt.Sprintf("the broker has no stream %s: its files were removed, or somebody deleted it; put back the newest copy of the broker's data, "+
				"or start citytally again (with a broker of your own: citytally setup), which creates it anew; what can be brought back is told then", d.Stream),
		}
	case d.Kind == FilesGone:
		return bilingual.Text{
			ZH: fmt.Sprintf("流 %s 的文件在消息服务器运行期间被移走：消息服务器仍在内存和已移走的文件中继续，停止后即丢失%s；请先备份仍可读取的内容（citytally backup 目录），再停止 citytally、放回最新的消息服务器数据并重新启动；缺少什么届时会说明", d.Stream, stops.ZH),
			EN: fmt.Sprintf("files of stream %s were removed while the broker runs: it goes on in memory and in files that are not there any more, and what it has stored since is lost when it stops%s; "+
				"back up what can still be read (citytally backup DIR), then stop citytally, put back the newest copy of the broker's data and start it again; what is missing is told then", d.Stream, stops.EN),
		}
	case d.Kind == OtherLog:
		return bilingual.Text{
			ZH: fmt.Sprintf("ClickHouse 由另一份日志写入，或日志放回了较旧的备份（本日志的标识 / ClickHouse 所记的标识：%s）；%s；请检查 clickhouse.dsn 和 nats 的设置是否指向同一套数据；否则%s", d.Detail, waits.ZH, discard.ZH),
			EN: fmt.Sprintf("ClickHouse was filled from another log, or an older copy of the log was put back (id of this log / id that ClickHouse knows: %s); %s; "+
				"see whether clickhouse.dsn and the settings of nats are of one installation; if they are, %s", d.Detail, waits.EN, discard.EN),
		}
	case d.Kind == Unreadable:
		waits = bilingual.Text{ZH: "处理之前不从 ClickHouse 中移除任何内容，那里可能是唯一的一份", EN: "until this is decided nothing is taken out of ClickHouse, which may have the only copy"}
		if d.StopsTransform() {
			waits = bilingual.Text{ZH: "处理之前不审核、不汇总，也不从 ClickHouse 中移除任何内容", EN: "nothing is judged and totalled, and nothing is taken out of ClickHouse, until this is decided"}
		}
		return bilingual.Text{
			ZH: fmt.Sprintf("因消息服务器的文件损坏，%s 丢失 %d 条消息（%s）：缺的是日志；%s；请放回最新的消息服务器数据，或恢复报送和 ClickHouse 中还有的内容：%s", d.Stream, d.Known, d.Detail, waits.ZH, fromSubmissions),
			EN: fmt.Sprintf("%s has lost %d of its messages (%s) to damage of the broker's files: the log is the poorer side; %s; "+
				"put back the newest copy of the broker's data, or bring back what the submissions and ClickHouse still tell: %s", d.Stream, d.Known, d.Detail, waits.EN, fromSubmissions),
		}
	case d.Kind == WrittenOver:
		return bilingual.Text{
			ZH: fmt.Sprintf("SUBMISSIONS 丢失了末尾，并在 %d 份已审核报送的位置上继续写入（%s）：其中已采用的数和审核结果还在，只缺报送原件；请放回最新的消息服务器数据，或不再恢复、继续运行：%s", d.Known, d.Detail, fromSubmissions),
			EN: fmt.Sprintf("SUBMISSIONS had lost its end, and went on in the places of %d submissions that had been judged (%s): what was accepted of these and their verdicts are still there, and only what was sent is not as it came; "+
				"put back the newest copy of the broker's data, or go on without: %s", d.Known, d.Detail, fromSubmissions),
		}
	case d.Kind == Anew && d.Stream == stream.Verdicts:
		return bilingual.Text{
			ZH: "VERDICTS 丢失后被重新创建：缺的是它，回执查不到此前的审核结果；处理之前不审核、不汇总；请放回最新的消息服务器数据，或恢复 ClickHouse、报送和 ACCEPTED 中还有的内容：" + fromSubmissions,
			EN: "VERDICTS was lost and created anew: it is the poorer side, receipts do not find what was decided before; nothing is judged and totalled until this is decided; " +
				"put back the newest copy of the broker's data, or bring back what ClickHouse, the submissions and ACCEPTED still tell: " + fromSubmissions,
		}
	case d.Stream == stream.Releases && d.MendsBySubmissions():
		return bilingual.Text{
			ZH: "RELEASES 丢失了发布版，ClickHouse 中可能是唯一的一份：缺的是 RELEASES；为避免覆盖，暂停写入；请放回最新的消息服务器数据，或由 ClickHouse 恢复发布版：" + fromSubmissions,
			EN: "RELEASES has lost releases, and ClickHouse may have the only copy of them: RELEASES is the poorer side; the sink waits, so that nothing is overwritten; " +
				"put back the newest copy of the broker's data, or bring the releases back from ClickHouse's copy: " + fromSubmissions,
		}
	case besides[d.Stream].EN != "" && d.Kind == Anew:
		return bilingual.Text{
			ZH: fmt.Sprintf("%s 丢失后被重新创建：%s；请放回最新的消息服务器数据，或不再恢复、继续运行：%s", d.Stream, besides[d.Stream].ZH, fromSubmissions),
			EN: fmt.Sprintf("%s was lost and created anew: %s; put back the newest copy of the broker's data, or go on without: %s", d.Stream, besides[d.Stream].EN, fromSubmissions),
		}
	case besides[d.Stream].EN != "" && d.Kind == TailLost:
		return bilingual.Text{
			ZH: fmt.Sprintf("%s 丢失了末尾，或放回了较旧的备份：%s；请放回最新的消息服务器数据，或不再恢复、继续运行：%s", d.Stream, besides[d.Stream].ZH, fromSubmissions),
			EN: fmt.Sprintf("%s has lost its end, or an older copy was put back: %s; put back the newest copy of the broker's data, or go on without: %s", d.Stream, besides[d.Stream].EN, fromSubmissions),
		}
	case d.Kind == Anew:
		return bilingual.Text{
			ZH: fmt.Sprintf("%s 丢失后被重新创建：第 %d 条消息以前的报送原件已不在，已采用的数和审核结果在其他流中（除非也已丢失）%s；请放回最新的消息服务器数据，或不再恢复、继续运行：%s", d.Stream, d.Known, stops.ZH, fromSubmissions),
			EN: fmt.Sprintf("%s was lost and created anew: what was sent up to message %d is no longer there as it came, what was accepted of it and the verdicts are in the other streams, unless those are lost too%s; "+
				"put back the newest copy of the broker's data, or go on without: %s", d.Stream, d.Known, stops.EN, fromSubmissions),
		}
	case d.Kind == VerdictsLost:
		return bilingual.Text{
			ZH: fmt.Sprintf("VERDICTS 丢失了末尾，而 ClickHouse 有 SUBMISSIONS 第 %d 条消息的审核结果：缺的是 VERDICTS；%s；请由 ClickHouse 恢复审核结果：%s", d.Known, waits.ZH, fromSubmissions),
			EN: fmt.Sprintf("VERDICTS has lost its end, and ClickHouse has the verdict on message %d of SUBMISSIONS: VERDICTS is the poorer side; %s; "+
				"bring the verdicts back from ClickHouse's copy: %s", d.Known, waits.EN, fromSubmissions),
		}
	case d.Kind == VerdictsMoved:
		return bilingual.Text{
			ZH: fmt.Sprintf("VERDICTS 止于第 %d 条消息，而 ClickHouse 有第 %d 条消息的审核结果，它们在 VERDICTS 中位置已变；citytally recompute 会使 ClickHouse 与日志一致", d.Last, d.Known),
			EN: fmt.Sprintf("VERDICTS ends at message %d and ClickHouse has verdicts of message %d, which VERDICTS has at other places; citytally recompute makes ClickHouse follow", d.Last, d.Known),
		}
	case d.Kind == TailLost && d.Holder == ClickHouse && d.Stream == stream.Totals:
		return bilingual.Text{
			ZH: fmt.Sprintf("TOTALS 止于第 %d 条消息，而 ClickHouse 有第 %d 条消息的汇总数：TOTALS 丢失了末尾，或有人改动过 ClickHouse；citytally recompute 会清除它们并按日志重新计算", d.Last, d.Known),
			EN: fmt.Sprintf("TOTALS ends at message %d and ClickHouse has totals of message %d: TOTALS has lost its end, or somebody wrote to ClickHouse; "+
				"citytally recompute drops them and computes what the log says", d.Last, d.Known),
		}
	case d.Kind == TailLost && d.Holder == ClickHouse:
		return bilingual.Text{
			ZH: fmt.Sprintf("%s 止于第 %d 条消息，而 ClickHouse 有第 %d 条消息的数据：缺的是日志，末尾丢失或放回了较旧的备份；%s；%s", d.Stream, d.Last, d.Known, waits.ZH, discard.ZH),
			EN: fmt.Sprintf("%s ends at message %d and ClickHouse has rows of message %d: the log is the poorer side, it has lost its end or an older copy was put back; "+
				"%s; %s", d.Stream, d.Last, d.Known, waits.EN, discard.EN),
		}
	case d.Kind == Replaced:
		return bilingual.Text{
			ZH: fmt.Sprintf("%[2]s 的第 %[1]d 条消息与 ClickHouse 所记的不同（%[3]s）：ClickHouse 由另一份日志写入，或放回较旧的备份后日志又有新的内容；%[4]s；%[5]s", d.Known, d.Stream, d.Detail, waits.ZH, discard.ZH),
			EN: fmt.Sprintf("message %d of %s %s: ClickHouse was filled from another log, or the log went on after an older copy was put back; "+
				"%s; %s", d.Known, d.Stream, d.Detail, waits.EN, discard.EN),
		}
	case d.Kind == Behind:
		return bilingual.Text{
			ZH: fmt.Sprintf("ClickHouse 只有 %s 第 %d 条消息以前的数据，而此前已确认到第 %d 条：缺的是 ClickHouse，数据丢失或放回了较旧的备份；请由日志重新写入：citytally replay --into clickhouse", d.Stream, d.Last, d.Known),
			EN: fmt.Sprintf("ClickHouse has rows of %s up to message %d, and had confirmed message %d: ClickHouse is the poorer side, its data was lost or an older copy was put back; "+
				"fill it from the log: citytally replay --into clickhouse", d.Stream, d.Last, d.Known),
		}
	}
	if d.Kind == TailLost && d.Stream == stream.Accepted {
		return bilingual.Text{
			ZH: fmt.Sprintf("ACCEPTED 止于第 %d 条消息，而 %s 中有由其第 %d 条消息得出的内容：末尾丢失，或另一条消息系伪造；%s；请放回最新的消息服务器数据，或先恢复报送、审核结果和 ClickHouse 中还有的内容：%s；之后会说明下一步", d.Last, d.Holder, d.Known, waits.ZH, fromSubmissions),
			EN: fmt.Sprintf("ACCEPTED ends at message %d, and %s has a message made from message %d of it: its end is lost, or somebody has forged the other message; "+
				"%s; put back the newest copy of the broker's data, or bring back first what the submissions, the verdicts and ClickHouse still tell: %s; what is told after that names the next step", d.Last, d.Holder, d.Known, waits.EN, fromSubmissions),
		}
	}
	if d.Kind == TailLost && d.Stream == stream.Submissions {
		return bilingual.Text{
			ZH: fmt.Sprintf("SUBMISSIONS 止于第 %d 条消息，而 %s 中有由其第 %d 条消息得出的内容：末尾丢失，或另一条消息系伪造；%s；请放回最新的消息服务器数据，或不再恢复、继续运行：已采用的数和审核结果还在，只缺报送原件：%s", d.Last, d.Holder, d.Known, waits.ZH, fromSubmissions),
			EN: fmt.Sprintf("SUBMISSIONS ends at message %d, and %s has a message made from message %d of it: its end is lost, or somebody has forged the other message; "+
				"%s; put back the newest copy of the broker's data, or go on without: what was accepted and the verdicts are still there, and only what was sent is not as it came: %s", d.Last, d.Holder, d.Known, waits.EN, fromSubmissions),
		}
	}
	if d.Kind == TailLost {
		return bilingual.Text{
			ZH: fmt.Sprintf("%s 止于第 %d 条消息，而 %s 中有由其第 %d 条消息得出的内容：末尾丢失，或另一条消息系伪造；请放回最新的消息服务器数据", d.Stream, d.Last, d.Holder, d.Known),
			EN: fmt.Sprintf("%s ends at message %d, and %s has a message made from message %d of it: its end is lost, or somebody has forged the other message; "+
				"put back the newest copy of the broker's data", d.Stream, d.Last, d.Holder, d.Known),
		}
	}
	return bilingual.Text{
		ZH: fmt.Sprintf("%s 永久保存，却缺少共 %[3]d 条中的前 %[2]d 条消息：被重新创建过，或已损坏；处理之前不审核、不汇总；请放回最新的消息服务器数据，或恢复日志中的报送还有的内容：%[4]s", d.Stream, d.Known, d.Last, fromSubmissions),
		EN: fmt.Sprintf("%s is kept for ever and lacks its first %d of %d messages: it was created anew or damaged; nothing is judged and totalled until this is decided; "+
			"put back the newest copy of the broker's data, or bring back what the submissions in the log still tell: %s", d.Stream, d.Known, d.Last, fromSubmissions),
	}
}

// besides says, of the streams that no figure is made from again, what is lost with them and what to do
// about it.
var besides = map[string]bilingual.Text{
	stream.Direct:    {ZH: "区县发布到消息服务器而尚未接收的内容已丢失；没有收到审核结果的请重新发布", EN: "what districts published to the broker and was not taken in yet is lost; have those publish again to whom no verdict came"},
	stream.Commands:  {ZH: "已要求而尚未执行的任务已丢失；请重新要求（citytally recompute），定时任务从下一次起照常", EN: "jobs that were asked for and not carried out yet are lost; ask for them again (citytally recompute), schedules go on with their next slot"},
	stream.Dead:      {ZH: "此前放在一边的消息不再列出，由人工略过的消息会再次使其环节停下；消息本身仍在各自的流中", EN: "messages that were put aside are no longer listed, and messages that a person had passed over stop their stage again; the messages themselves are in their streams"},
	stream.Tokens:    {ZH: "已签发的令牌不再有效；请重新签发（citytally token create）。已吊销的由 ACCEPTED 保持吊销", EN: "tokens that were issued let nobody in; issue them anew (citytally token create). Revoked ones stay revoked, by ACCEPTED"},
	stream.Schedules: {ZH: "暂停的定时任务不再暂停，已发出的提醒可能再发一次；需要暂停的请重新暂停（citytally schedule pause）", EN: "schedules that were paused are not any more, and reminders that were sent may be sent once more; pause again what is to be (citytally schedule pause)"},
	stream.Sources:   {ZH: "各来源的抓取记录已丢失；会重新抓取，不会重复计入", EN: "what became of the sources that are fetched is not known; they are fetched again, which changes nothing twice"},
	stream.Originals: {ZH: "上传文件的原件无法再取回；审核结果和数据不变", EN: "files that were uploaded cannot be given out as they came; verdicts and figures are as they were"},
}
