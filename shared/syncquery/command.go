package syncquery

import "time"

// CommandKind is what a Command wants.
type CommandKind uint8

// The kinds of commands.
const (
	Call    CommandKind = iota // make a call, and say how it ended by Returned, in any case
	Abandon                    // break the call off: nobody waits for it, and it has no effect
	Answer                     // this is the query's answer
	Closed                     // everything is at its end; the last command
)

// CallKind is what a call does.
type CallKind uint8

// The kinds of calls.
const (
	CallRegistry CallKind = iota // Server.Registry
	CallLock                     // Server.Lock
	CallUnlock                   // Server.Unlock
	CallRead                     // Server.Read
	CallAsk                      // Together.ReadsTogether; a server that is no Together answers false
	CallTogether                 // Together.ReadTogether
)

// Command is something that a Machine wants done.
type Command struct {
	Kind CommandKind

	// Of a call, and of Abandon:
	Call     int // its number
	Does     CallKind
	Reading  int // that it is for; 0: none in particular
	Endpoint string
	Resource int64
	IDs      []int64       // of CallTogether
	Wait     time.Duration // of CallTogether
	Timeout  time.Duration // after which it is to end with ErrAnswerLost and context.DeadlineExceeded

	// Of an answer:
	Query  int
	States map[int64]string
	Err    error

	Left []string // of Closed: the endpoints that are possibly left locked, sorted
}

// Result is how a call ended. Errors are those that Server's methods return.
type Result struct {
	Err      error
	Registry Registry
	State    string
	Can      bool             // of CallAsk
	States   map[int64]string // of CallTogether
}

// HappeningKind is what a Happening is of.
type HappeningKind uint8

// What happens, in the order that a reading has it. The numbers are part of the format
// in which runs are recorded.
const (
	Asked         HappeningKind = iota // a query came
	Answered                           // a query was answered from a reading
	Failed                             // a query failed, or was given up
	RegistryRead                       // the registry is being read
	Locking                            // an endpoint's lock was asked for
	Locked                             // and granted
	Refused                            // and refused
	AnswerLost                         // the answer to a lock or an unlock was lost
	Reading                            // a resource is being read
	StateRead                          // its state came
	Unlocking                          // an endpoint is being freed
	Unlocked                           // it is free
	TogetherAsked                      // the server was asked for a whole reading
	TogetherRead                       // and answered
	Crashed                            // a client crashed; a Machine doesn't
)

// HappeningNames are the kinds' names, by their number.
var HappeningNames = [...]string{
	"ask", "answer", "fail", "registry", "lock", "locked", "refused", "lost", "read", "state", "unlock", "unlocked", "together", "states", "crash",
}

func (k HappeningKind) String() string { return HappeningNames[k] }

// Happening is something that happened to a Machine, for people who watch.
type Happening struct {
	At       time.Duration
	Kind     HappeningKind
	Reading  int    // its number, from 1; 0: of none
	Endpoint string // "": of none
	Query    int    // of Asked, Answered, Failed
	Resource int64  // of Reading and StateRead; of Asked, how many it names
}
