/*
 * The ring and its two doorbells (engine/ring) as two threads that may be interrupted between any two steps.
 *
 *   Producer: claim, write, endFrame | abandonFrame, commit, waitForRoom        (RingWriter)
 *   Consumer: available, read, release, announce, sleep | cancel                (RingReader, workers/duty-cycle.ts)
 *   Other:    a second thread that stores a word and rings the consumer once    (FrameWriter.markDropped, pool stop)
 *
 * What is checked, in every interleaving:
 *   each record is read once, in order and whole           assertions in the consumer
 *   no unread slot is overwritten                          assertion at the producer's stores
 *   an abandoned record is never seen                      it carries JUNK, which no assertion accepts
 *   no wake-up is lost                                     there are no time-outs here and either side may go quiet for
 *                                                          good at any point; a sleeper may end only if what it waits
 *                                                          for has not come. A lost wake-up is an invalid end state.
 *   an idle pair does nothing                              no cycle without a "progress" label: each one ends or gives
 *                                                          up a frame or releases records (built with -DNP)
 *
 * What is abstracted:
 *   Sequences are Int32 in the code and count modulo SEQUENCES here, so every run wraps for ever.
 *   Atomics are sequentially consistent in JavaScript; Promela's shared variables are too.
 *   Plain stores are not: they may reach memory at any time between their place in the program and the next atomic
 *   store (which releases them), and plain loads may run as early as just after the atomic load before them (which
 *   acquires them). A record has two words. Word A is stored at once; word B is stored at once or, by choice, as late
 *   as the rule allows: step late-words, just before the tail store. Moving the tail store before step late-words is
 *   what a compiler, a processor or a programmer would do by moving it before the records. Likewise step early-word
 *   reads word B of the first record at the earliest moment allowed, and step words reads the rest at the latest.
 *   The bell counts modulo 2^32; only "has it moved since the sleeper loaded it" matters, which is one bit here. (It
 *   could return to the same value only by 2^32 rings between two steps of one sleeper.)
 *   Doorbell.nap() is a pause that reads nothing: any interleaving already contains it.
 *
 * scripts/model-check.ts reads the lines "ORDER first < second: kind", and for each checks a copy in which the step
 * named first is moved to just after the second. Each copy must fail as said: torn, overwritten (assertions) or lost
 * (a wake-up). A line "FREE first < second" names an order that does not matter: its copy must hold.
 *
 * ORDER late-words < tail-store: torn           commit(): the tail store releases the record's words
 * ORDER tail-store < work-look: lost            commit(): Atomics.store(tail), then ring() loads PARKED
 * ORDER bell-add < bell-notify: lost            ring(): a sleeper not yet asleep must find the bell moved
 * ORDER work-park < work-recheck: lost          announce(), then available() again, by the consumer
 * ORDER work-bell < work-recheck: lost          announce() loads BELL before available() is called again
 * ORDER tail-load < early-word: torn            available(): the tail load acquires the record's words
 * ORDER words < head-store: overwritten         release(): the head store comes after the last read
 * ORDER head-store < room-look: lost            release(): Atomics.store(head), then ring() loads PARKED
 * ORDER head-load < full-check: lost            claim(): waitForRoom() compares with the head that claim() found full
 * ORDER full-check < first-word: overwritten    claim() finds room before a word is stored
 * ORDER room-park < room-recheck: lost          waitForRoom(): announce(), then the head is loaded again
 * ORDER room-bell < room-recheck: lost          waitForRoom(): announce() loads BELL before the head is loaded again
 * FREE work-bell < work-park                    announce(): both come before the second look, and that is enough
 * FREE room-bell < room-park                    announce(): the same for the producer
 */

/* Build flags: CAPACITY (2 or 4 slots); PLAIN (words are stored at once and frames are given up only by policy "drop",
 * so that a larger case stays small); OTHER (adds the second ringer); TIMEOUTS (a sleep may end by itself: then only
 * the assertions mean something). */
#ifndef CAPACITY
#define CAPACITY 2
#endif
/* The fewest that tell a full ring from an empty one. The code has 2^32 for at most 2^24 slots, so its (a - b) | 0 is
 * never negative; here the difference is unsigned and asserted to be at most CAPACITY. */
#define SEQUENCES (2 * CAPACITY)
#define ADD(a, b) (((a) + (b)) % SEQUENCES)
#define SUB(a, b) (((a) + SEQUENCES - (b)) % SEQUENCES)
#define SLOT(sequence) ((sequence) % CAPACITY)
#define JUNK 255

/* The ring's control block and slots (schemas/ring.ts). */
byte Tail, Head;
byte A[CAPACITY] = JUNK;
byte B[CAPACITY] = JUNK;

/* The two doorbells (engine/ring/doorbell.ts): WORK wakes the consumer, ROOM the producer. */
#define WORK 0
#define ROOM 1
bool Parked[2];
bool Moved[2];   /* the bell has moved since its sleeper loaded it */
bool Asleep[2];  /* in the futex's queue */

/* A word besides the ring that is also work for the consumer: shardWords.dropVersion. */
bool Version;

/* Not part of the code: which side has gone quiet for good. */
bool ProducerQuiet, ConsumerQuiet;
#ifdef OTHER
bool OtherQuiet;
#else
#define OtherQuiet true
#endif

/* ---- Doorbell ---------------------------------------------------------------------------------------------------- */

/* Doorbell.ring(), step b: Atomics.load(words, PARKED). */
inline look(bell, parked) {
  parked = Parked[bell]
}

/* Doorbell.ring(), steps c and d, when the sleeper has announced itself. */
inline rouse(bell, parked) {
  if
  :: parked ->
    /* STEP bell-add: Atomics.add(words, BELL, 1) { */
    Moved[bell] = true;
    /* } */
    /* STEP bell-notify: Atomics.notify(words, BELL) { */
    Asleep[bell] = false;
    /* } */
    parked = false
  :: else
  fi
}

/* Doorbell.announce(), step 1: seen = Atomics.load(words, BELL). */
inline loadBell(bell) {
  Moved[bell] = false
}

/* Doorbell.announce(), step 2: Atomics.store(words, PARKED, 1). */
inline park(bell) {
  Parked[bell] = true
}

/* Doorbell.cancel(), step 5: Atomics.store(words, PARKED, 0). */
inline cancel(bell) {
  Parked[bell] = false
}

/* Doorbell.sleep(), step 4: Atomics.wait compares and queues in one step and returns at once when the value differs.
 * `excused` says that nothing this sleeper waits for has come and nobody is left who could bring it: only then may the
 * sleeper end here. */
inline sleep(bell, excused, done) {
  atomic {
    if
    :: Moved[bell]
    :: else -> Asleep[bell] = true
    fi
  };
  if
  :: !Asleep[bell]
#ifdef TIMEOUTS
  :: atomic { Asleep[bell] -> Asleep[bell] = false } /* the timeoutMs of Atomics.wait */
#endif
  :: atomic { Asleep[bell] && (excused) -> done = true }
  fi;
  Parked[bell] = false /* step 5 */
}

/* ---- RingWriter -------------------------------------------------------------------------------------------------- */

/* Plain stores of the records claimed so far that have not reached memory yet. */
inline storeLateWords() {
  do
  :: late[0] -> d_step { B[0] = A[0]; late[0] = false }
  :: late[1] -> d_step { B[1] = A[1]; late[1] = false }
#if CAPACITY == 4
  :: late[2] -> d_step { B[2] = A[2]; late[2] = false }
  :: late[3] -> d_step { B[3] = A[3]; late[3] = false }
  :: else -> assert(!late[0] && !late[1] && !late[2] && !late[3]); break
#else
  :: else -> assert(!late[0] && !late[1]); break
#endif
  od
}

/* RingWriter.commit(). */
inline commit() {
  if
  :: ended == tail /* nothing ended */
  :: else ->
    tail = ended;
    /* STEP late-words: the plain stores that no atomic store has released yet { */
    storeLateWords();
    /* } */
    /* STEP tail-store: Atomics.store(control, tail) { */
    Tail = tail;
    /* } */
    /* STEP work-look: work.ring(), step b { */
    look(WORK, parked);
    /* } */
    rouse(WORK, parked) /* work.ring(), steps c and d */
  fi
}

/* RingWriter.claim() and the first store into the slot: `isFull` is what claim() returns. */
inline claimAndWrite() {
  /* STEP head-load: headSeen = Atomics.load(control, head), only when the cached one shows no room { */
  if
  :: SUB(next, headSeen) >= CAPACITY -> headSeen = Head
  :: else
  fi;
  /* } */
  /* STEP full-check: RING_FULL { */
  isFull = (SUB(next, headSeen) >= CAPACITY);
  /* } */
  /* STEP first-word: a plain store into the claimed slot { */
  if
  :: isFull
  :: else -> atomic {
      assert(SUB(next, Head) < CAPACITY); /* the slot is not one the consumer may still read */
      if
      :: bad -> A[SLOT(next)] = JUNK
      :: else -> A[SLOT(next)] = ADD(number, SUB(next, ended))
      fi
    }
  fi;
  /* } */
  if
  :: isFull
  :: else ->
    if
    :: B[SLOT(next)] = A[SLOT(next)]; late[SLOT(next)] = false /* a second plain store, soon */
#ifndef PLAIN
    :: late[SLOT(next)] = true /* or late */
#endif
    fi;
    next = ADD(next, 1)
  fi
}

/* RingWriter.waitForRoom(). */
inline waitForRoom() {
  /* STEP room-bell: room.announce(), step 1 { */
  loadBell(ROOM);
  /* } */
  /* STEP room-park: room.announce(), step 2 { */
  park(ROOM);
  /* } */
  /* STEP room-recheck: Atomics.load(control, head) { */
  again = (Head != headSeen);
  /* } */
  if
  :: again -> cancel(ROOM); again = false
  :: else -> sleep(ROOM, ConsumerQuiet && SUB(next, Head) >= CAPACITY, done)
  fi
}

active proctype Producer() {
  byte tail, ended, next, headSeen; /* the fields of RingWriter */
  byte number;                      /* of the first record of the frame being written */
  bool late[CAPACITY];
  bool bad, isFull, parked, again, done;

  do
  :: done -> break
  :: !done -> /* the thread goes quiet; all it ended is committed */
    commit();
    break
  :: !done && ended != tail -> commit()
  :: !done -> /* one frame */
    if
    :: bad = false
#ifndef PLAIN
    :: bad = true
#endif
    fi;
    do
    :: SUB(next, ended) < CAPACITY -> /* no frame is larger than the ring (schemas/config.ts) */
      claimAndWrite();
      if
      :: !isFull
      :: isFull -> /* policy "block": ended frames are committed, then the producer sleeps */
        isFull = false;
        commit();
        waitForRoom();
        if
        :: done -> break
        :: else
        fi
      :: isFull -> /* policy "drop": RingWriter.abandonFrame(); its numbers are given to the next frame */
        isFull = false;
        bad = true;
        break
      fi
    :: SUB(next, ended) > 0 -> break
    od;
    if
    :: bad || done ->
progress_abandoned:
      next = ended /* RingWriter.abandonFrame() */
    :: else ->
progress_ended:
      d_step {
        number = ADD(number, SUB(next, ended));
        ended = next /* RingWriter.endFrame() */
      }
    fi;
    bad = false
  od;
  ProducerQuiet = true
}

/* ---- RingReader and the consumer's duty cycle ------------------------------------------------------------------- */

/* Reads `count` records from sequence `first`, word A at the latest moment, word B of the first at the earliest. */
inline read(first, count) {
  do
  :: offset < count ->
    a = A[SLOT(ADD(first, offset))];
    if
    :: offset == 0 -> b = early
    :: else -> b = B[SLOT(ADD(first, offset))]
    fi;
    assert(a == expected && b == expected); /* once, in order, whole, and not of an abandoned frame */
    d_step { expected = ADD(expected, 1); offset++; a = 0; b = 0 }
  :: else -> break
  od;
  offset = 0
}

active proctype Consumer() {
  byte head;     /* the field of RingReader */
  byte first, available, count, offset, expected, early, a, b;
  bool seenVersion, parked, again, done;

  do
  :: done -> break
  :: !done -> break /* the thread goes quiet */
  :: !done ->
    /* STEP tail-load: RingReader.available() { */
    available = SUB(Tail, head);
    /* } */
    /* STEP early-word: a plain load, as early as allowed; unused when nothing is available { */
    early = B[SLOT(head)];
    /* } */
    assert(available <= CAPACITY);
    if
    :: available > 0 -> /* DutyCycle.turn(): a batch of some of them */
      first = head;
      count = 1;
      do
      :: count < available -> count++
      :: break
      od;
      /* STEP words: plain loads of the records at slotAt(0) to slotAt(count - 1) { */
      read(first, count);
      /* } */
      /* STEP head-store: RingReader.release(), Atomics.store(control, head) { */
      head = ADD(first, count);
      Head = head;
      /* } */
      /* STEP room-look: room.ring(), step b { */
      look(ROOM, parked);
      /* } */
progress_released:
      d_step { first = 0; count = 0; available = 0; early = 0 };
      rouse(ROOM, parked) /* room.ring(), steps c and d */
    :: available == 0 && Version != seenVersion ->
      early = 0;
      seenVersion = Version
    :: available == 0 && Version == seenVersion -> /* DutyCycle.idle() */
      early = 0;
      /* STEP work-bell: doorbell.announce(), step 1 { */
      loadBell(WORK);
      /* } */
      /* STEP work-park: doorbell.announce(), step 2 { */
      park(WORK);
      /* } */
      /* STEP work-recheck: DutyCycle.hasWork() { */
      again = (Tail != head);
      again = (again || Version != seenVersion);
      /* } */
      if
      :: again -> cancel(WORK); again = false
      :: else ->
        sleep(WORK, ProducerQuiet && OtherQuiet && Tail == head && Version == seenVersion, done)
      fi
    fi
  od;
  ConsumerQuiet = true
}

/* ---- Another ringer of the consumer's doorbell ------------------------------------------------------------------- */

#ifdef OTHER
active proctype Other() {
  bool parked;
  if
  :: Version = true; /* Atomics.add(dropVersion) */
    look(WORK, parked);
    rouse(WORK, parked)
  :: skip
  fi;
  OtherQuiet = true
}
#endif
