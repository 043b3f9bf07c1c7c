package compute

import "time"

// Error is a call that has no answer to its question.
type Error struct {
	Message     string        // for people
	Status      int           // of HTTP, 0 if there was no answer
	Unreachable bool          // nobody is there
	Passing     bool          // it may go better another time
	After       time.Duration // for how long the server wants to be left alone, 0 if it doesn't say
	Err         error         // the cause, if there is one
}

func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// InDoubt says that the call may have had its effect all the same.
func (e *Error) InDoubt() bool { return e.Status == 0 && !e.Unreachable || e.Status >= 500 }
