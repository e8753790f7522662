-- Written by tests/architecture/test_schema_snapshot.py, never edited.
-- 0162 a4f8776a2ccb84f4f35d9a7a29ea70b4c305aabe1acd3e5de0e80122e0cbe2bf
;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)
;
CREATE TABLE booking_event (
	id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	actor_user_id INTEGER, 
	actor_job VARCHAR, 
	type VARCHAR NOT NULL, 
	facts JSON NOT NULL, 
	CONSTRAINT pk_booking_event PRIMARY KEY (id), 
	CONSTRAINT ck_booking_event_one_actor CHECK ((actor_user_id IS NULL) <> (actor_job IS NULL))
)
;
CREATE INDEX ix_booking_event_type ON booking_event (type, id)
;
CREATE TABLE booking_event_delivery (
	event_id INTEGER NOT NULL, 
	subscriber VARCHAR NOT NULL, 
	delivered_at DATETIME NOT NULL, 
	CONSTRAINT pk_booking_event_delivery PRIMARY KEY (event_id, subscriber), 
	CONSTRAINT fk_booking_event_delivery_event_id_booking_event FOREIGN KEY(event_id) REFERENCES booking_event (id)
)
;
CREATE TABLE booking_event_failure (
	event_id INTEGER NOT NULL, 
	subscriber VARCHAR NOT NULL, 
	tries INTEGER NOT NULL, 
	failed_at DATETIME NOT NULL, 
	next_try_at DATETIME, 
	error VARCHAR NOT NULL, 
	CONSTRAINT pk_booking_event_failure PRIMARY KEY (event_id, subscriber), 
	CONSTRAINT fk_booking_event_failure_event_id_booking_event FOREIGN KEY(event_id) REFERENCES booking_event (id)
)
;
CREATE TABLE booking_event_cursor (
	consumer VARCHAR NOT NULL, 
	event_id INTEGER NOT NULL, 
	checked_at DATETIME NOT NULL, seen_id INTEGER DEFAULT '0' NOT NULL, seen_writers VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_booking_event_cursor PRIMARY KEY (consumer)
)
;
CREATE TABLE booking_seal (
	id INTEGER NOT NULL, 
	sealed_at DATETIME NOT NULL, 
	previous_digest VARCHAR NOT NULL, 
	digest VARCHAR NOT NULL, 
	CONSTRAINT pk_booking_seal PRIMARY KEY (id), 
	CONSTRAINT uq_booking_seal_previous_digest UNIQUE (previous_digest)
)
;
CREATE TABLE booking_sealed_event (
	event_id INTEGER NOT NULL, 
	seal_id INTEGER NOT NULL, 
	CONSTRAINT pk_booking_sealed_event PRIMARY KEY (event_id), 
	CONSTRAINT fk_booking_sealed_event_event_id_booking_event FOREIGN KEY(event_id) REFERENCES booking_event (id), 
	CONSTRAINT fk_booking_sealed_event_seal_id_booking_seal FOREIGN KEY(seal_id) REFERENCES booking_seal (id)
)
;
CREATE INDEX ix_booking_sealed_event_seal_id ON booking_sealed_event (seal_id)
;
CREATE TABLE booking_photo (
	id INTEGER NOT NULL, 
	media_type VARCHAR NOT NULL, 
	content BLOB NOT NULL, 
	taken_at DATETIME NOT NULL, thumb BLOB, card BLOB, 
	CONSTRAINT pk_booking_photo PRIMARY KEY (id)
)
;
CREATE TABLE booking_ring (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	address_name VARCHAR NOT NULL, 
	address_street VARCHAR NOT NULL, 
	address_postcode VARCHAR NOT NULL, 
	address_town VARCHAR NOT NULL, 
	address_country VARCHAR NOT NULL, 
	address_text VARCHAR NOT NULL, 
	email VARCHAR NOT NULL, 
	timezone VARCHAR NOT NULL, 
	holidays_region VARCHAR NOT NULL, 
	colour VARCHAR NOT NULL, 
	objection_days INTEGER NOT NULL, 
	is_catalogue_public BOOLEAN NOT NULL, 
	requires_second_factor BOOLEAN NOT NULL, 
	logo_photo_id INTEGER, 
	revision INTEGER NOT NULL, is_demo BOOLEAN DEFAULT 0 NOT NULL, wall_names VARCHAR DEFAULT 'none' NOT NULL CONSTRAINT ck_booking_ring_wall_names CHECK (wall_names IN ('names', 'initials', 'none')), are_exchanges_allowed BOOLEAN DEFAULT true NOT NULL, exchange_hours INTEGER DEFAULT 48 NOT NULL CONSTRAINT ck_booking_ring_exchange_hours CHECK (exchange_hours BETWEEN 1 AND 336), series_dates_managers INTEGER DEFAULT 200 NOT NULL CONSTRAINT ck_booking_ring_series_dates_managers CHECK (series_dates_managers BETWEEN 200 AND 1000), 
	CONSTRAINT pk_booking_ring PRIMARY KEY (id), 
	CONSTRAINT ck_booking_ring_only_one CHECK (id = 1), 
	CONSTRAINT ck_booking_ring_objection_days CHECK (objection_days BETWEEN 0 AND 365), 
	CONSTRAINT fk_booking_ring_logo_photo_id_booking_photo FOREIGN KEY(logo_photo_id) REFERENCES booking_photo (id)
)
;
CREATE TABLE booking_workshop (
	id INTEGER NOT NULL, 
	slug VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	address_name VARCHAR NOT NULL, 
	address_street VARCHAR NOT NULL, 
	address_postcode VARCHAR NOT NULL, 
	address_town VARCHAR NOT NULL, 
	address_country VARCHAR NOT NULL, 
	address_text VARCHAR NOT NULL, 
	timezone VARCHAR NOT NULL, 
	holidays_region VARCHAR NOT NULL, 
	is_closed_on_holidays BOOLEAN NOT NULL, 
	revision INTEGER NOT NULL, phone VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_booking_workshop PRIMARY KEY (id), 
	CONSTRAINT uq_booking_workshop_slug UNIQUE (slug)
)
;
CREATE TABLE booking_opening_hours (
	id INTEGER NOT NULL, 
	workshop_id INTEGER NOT NULL, 
	weekday INTEGER NOT NULL, 
	opens_minute INTEGER NOT NULL, 
	closes_minute INTEGER NOT NULL, 
	CONSTRAINT pk_booking_opening_hours PRIMARY KEY (id), 
	CONSTRAINT ck_booking_opening_hours_minutes CHECK (0 <= opens_minute AND opens_minute < closes_minute AND closes_minute <= 1440), 
	CONSTRAINT ck_booking_opening_hours_weekday CHECK (weekday BETWEEN 0 AND 6), 
	CONSTRAINT fk_booking_opening_hours_workshop_id_booking_workshop FOREIGN KEY(workshop_id) REFERENCES booking_workshop (id)
)
;
CREATE UNIQUE INDEX ix_booking_opening_hours_workshop_id ON booking_opening_hours (workshop_id, weekday, opens_minute)
;
CREATE TABLE booking_price_class (
	code VARCHAR NOT NULL, 
	name_de VARCHAR NOT NULL, 
	name_en VARCHAR NOT NULL, 
	sort_order INTEGER NOT NULL, 
	CONSTRAINT pk_booking_price_class PRIMARY KEY (code), 
	CONSTRAINT ck_booking_price_class_not_empty CHECK (code <> '' AND name_de <> '' AND name_en <> ''), 
	CONSTRAINT uq_booking_price_class_sort_order UNIQUE (sort_order)
)
;
CREATE TABLE booking_member (
	id INTEGER NOT NULL, 
	number VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	trade VARCHAR NOT NULL, 
	email VARCHAR NOT NULL, 
	phone VARCHAR NOT NULL, 
	address_name VARCHAR NOT NULL, 
	address_street VARCHAR NOT NULL, 
	address_postcode VARCHAR NOT NULL, 
	address_town VARCHAR NOT NULL, 
	address_country VARCHAR NOT NULL, 
	address_text VARCHAR NOT NULL, 
	price_class VARCHAR NOT NULL, 
	joined_on DATE, 
	left_on DATE, 
	schedule_version INTEGER NOT NULL, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_booking_member PRIMARY KEY (id), 
	CONSTRAINT uq_booking_member_number UNIQUE (number), 
	CONSTRAINT fk_booking_member_price_class_booking_price_class FOREIGN KEY(price_class) REFERENCES booking_price_class (code)
)
;
CREATE TABLE booking_induction_kind (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	valid_months INTEGER NOT NULL, revision INTEGER DEFAULT '0' NOT NULL, supervised_uses INTEGER DEFAULT 0 NOT NULL CONSTRAINT ck_booking_induction_kind_supervised_uses CHECK (supervised_uses BETWEEN 0 AND 99), promotes BOOLEAN DEFAULT false NOT NULL, renews_by_use BOOLEAN DEFAULT false NOT NULL, 
	CONSTRAINT pk_booking_induction_kind PRIMARY KEY (id), 
	CONSTRAINT uq_booking_induction_kind_name UNIQUE (name)
)
;
CREATE TABLE booking_machine (
	id INTEGER NOT NULL, 
	workshop_id INTEGER NOT NULL, 
	slug VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	description VARCHAR NOT NULL, 
	location VARCHAR NOT NULL, 
	setup_min INTEGER NOT NULL, 
	cleaning_min INTEGER NOT NULL, 
	notice_hours INTEGER NOT NULL, 
	horizon_days INTEGER NOT NULL, 
	shortest_min INTEGER NOT NULL, 
	longest_min INTEGER NOT NULL, 
	step_min INTEGER NOT NULL, 
	is_open_always BOOLEAN NOT NULL, 
	needs_approval BOOLEAN NOT NULL, 
	decision_hours INTEGER NOT NULL, 
	late_cancel_hours INTEGER NOT NULL, 
	induction_kind_id INTEGER, 
	charge_unit VARCHAR NOT NULL, 
	photo_id INTEGER, 
	retired_at DATETIME, 
	schedule_version INTEGER NOT NULL, 
	revision INTEGER NOT NULL, may_span_closed_hours BOOLEAN DEFAULT 0 NOT NULL, sort VARCHAR NOT NULL DEFAULT 'machine' CONSTRAINT ck_booking_machine_sort CHECK (sort IN ('machine', 'room', 'person', 'tool')), moved_away_at DATETIME, offer_hours INTEGER DEFAULT 24 NOT NULL CONSTRAINT ck_booking_machine_offer_hours CHECK (offer_hours >= 1), needs_second_person BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_booking_machine PRIMARY KEY (id), 
	CONSTRAINT ck_booking_machine_setup_min CHECK (setup_min >= 0), 
	CONSTRAINT ck_booking_machine_cleaning_min CHECK (cleaning_min >= 0), 
	CONSTRAINT ck_booking_machine_notice_hours CHECK (notice_hours >= 0), 
	CONSTRAINT ck_booking_machine_horizon_days CHECK (horizon_days >= 1), 
	CONSTRAINT ck_booking_machine_shortest_min CHECK (shortest_min >= 1), 
	CONSTRAINT ck_booking_machine_longest_min CHECK (longest_min >= 1 AND longest_min <= 527040), 
	CONSTRAINT ck_booking_machine_step_min CHECK (step_min >= 1), 
	CONSTRAINT ck_booking_machine_decision_hours CHECK (decision_hours >= 1), 
	CONSTRAINT ck_booking_machine_late_cancel_hours CHECK (late_cancel_hours >= 0), 
	CONSTRAINT ck_booking_machine_lengths CHECK (shortest_min <= longest_min), 
	CONSTRAINT fk_booking_machine_workshop_id_booking_workshop FOREIGN KEY(workshop_id) REFERENCES booking_workshop (id), 
	CONSTRAINT uq_booking_machine_slug UNIQUE (slug), 
	CONSTRAINT fk_booking_machine_induction_kind_id_booking_induction_kind FOREIGN KEY(induction_kind_id) REFERENCES booking_induction_kind (id), 
	CONSTRAINT fk_booking_machine_photo_id_booking_photo FOREIGN KEY(photo_id) REFERENCES booking_photo (id)
)
;
CREATE INDEX ix_booking_machine_workshop_id ON booking_machine (workshop_id, name)
;
CREATE TABLE booking_unit (
	id INTEGER NOT NULL, 
	machine_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	retired_at DATETIME, 
	CONSTRAINT pk_booking_unit PRIMARY KEY (id), 
	CONSTRAINT fk_booking_unit_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id)
)
;
CREATE UNIQUE INDEX ix_booking_unit_machine_id ON booking_unit (machine_id, number)
;
CREATE TABLE booking_hold (
	id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	CONSTRAINT pk_booking_hold PRIMARY KEY (id), 
	CONSTRAINT uq_booking_hold_id UNIQUE (id, kind)
)
;
CREATE TABLE booking_reservation (
	id INTEGER NOT NULL, 
	hold_kind VARCHAR DEFAULT 'reservation' NOT NULL, 
	uid VARCHAR NOT NULL, 
	machine_id INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	starts_at DATETIME NOT NULL, 
	ends_at DATETIME NOT NULL, 
	occupied_from DATETIME NOT NULL, 
	occupied_until DATETIME NOT NULL, 
	places INTEGER NOT NULL, 
	purpose VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	revision INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	changed_at DATETIME NOT NULL, 
	created_by INTEGER, 
	asked_at DATETIME NOT NULL, 
	decide_until DATETIME, 
	decided_at DATETIME, 
	decided_by INTEGER, 
	reason VARCHAR NOT NULL, 
	is_late_cancel BOOLEAN NOT NULL, accepted_at DATETIME, cancel_until DATETIME DEFAULT '9999-12-31 00:00:00.000000' NOT NULL, former_starts_at DATETIME, former_ends_at DATETIME, former_occupied_from DATETIME, former_occupied_until DATETIME, former_places INTEGER CONSTRAINT ck_booking_reservation_former_complete CHECK ((former_starts_at IS NULL AND former_ends_at IS NULL AND former_occupied_from IS NULL AND former_occupied_until IS NULL AND former_places IS NULL) OR (former_starts_at IS NOT NULL AND former_ends_at IS NOT NULL AND former_occupied_from IS NOT NULL AND former_occupied_until IS NOT NULL AND former_places IS NOT NULL AND former_occupied_from <= former_starts_at AND former_starts_at < former_ends_at AND former_ends_at <= former_occupied_until AND former_places > 0)) CONSTRAINT ck_booking_reservation_former_undecided CHECK (former_starts_at IS NULL OR status = 'requested'), outside_rules_since DATETIME, outside_told_at DATETIME, import_undone_at DATETIME, proposed_at DATETIME, may_move_min INTEGER DEFAULT 0 NOT NULL CONSTRAINT ck_booking_reservation_may_move_min CHECK (may_move_min BETWEEN 0 AND 10080), second_person VARCHAR DEFAULT '' NOT NULL, second_user_id INTEGER, choices VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_booking_reservation PRIMARY KEY (id), 
	CONSTRAINT fk_booking_reservation_id_booking_hold FOREIGN KEY(id, hold_kind) REFERENCES booking_hold (id, kind), 
	CONSTRAINT ck_booking_reservation_hold_kind CHECK (hold_kind = 'reservation'), 
	CONSTRAINT ck_booking_reservation_request_ends CHECK ((status = 'requested') <= (decide_until IS NOT NULL)), 
	CONSTRAINT ck_booking_reservation_status CHECK (status IN ('requested', 'confirmed', 'in_use', 'completed', 'rejected', 'cancelled', 'expired', 'no_show')), 
	CONSTRAINT ck_booking_reservation_occupied_contains CHECK (occupied_from <= starts_at AND ends_at <= occupied_until), 
	CONSTRAINT ck_booking_reservation_places_positive CHECK (places > 0), 
	CONSTRAINT ck_booking_reservation_span_positive CHECK (starts_at < ends_at), 
	CONSTRAINT uq_booking_reservation_uid UNIQUE (uid), 
	CONSTRAINT fk_booking_reservation_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id), 
	CONSTRAINT fk_booking_reservation_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id)
)
;
CREATE INDEX ix_booking_reservation_machine_id ON booking_reservation (machine_id, starts_at)
;
CREATE INDEX ix_booking_reservation_status ON booking_reservation (status, decide_until)
;
CREATE INDEX ix_booking_reservation_starts_at ON booking_reservation (starts_at, id)
;
CREATE INDEX ix_booking_reservation_member_changes ON booking_reservation (member_id, changed_at)
;
CREATE INDEX ix_booking_reservation_member_id ON booking_reservation (member_id, starts_at)
;
CREATE INDEX ix_booking_reservation_member_status ON booking_reservation (member_id, status, ends_at, starts_at)
;
CREATE TABLE booking_blocking (
	id INTEGER NOT NULL, 
	hold_kind VARCHAR DEFAULT 'closure' NOT NULL, 
	machine_id INTEGER NOT NULL, 
	starts_at DATETIME NOT NULL, 
	ends_at DATETIME NOT NULL, 
	reason VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by INTEGER, 
	lifted_at DATETIME, 
	revision INTEGER NOT NULL, 
	changed_at DATETIME, around_reservations BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_booking_blocking PRIMARY KEY (id), 
	CONSTRAINT fk_booking_blocking_id_booking_hold FOREIGN KEY(id, hold_kind) REFERENCES booking_hold (id, kind), 
	CONSTRAINT ck_booking_blocking_hold_kind CHECK (hold_kind = 'closure'), 
	CONSTRAINT ck_booking_blocking_span_positive CHECK (starts_at < ends_at), 
	CONSTRAINT fk_booking_blocking_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id)
)
;
CREATE INDEX ix_booking_blocking_machine_id ON booking_blocking (machine_id, starts_at)
;
CREATE TABLE booking_occupancy (
	id INTEGER NOT NULL, 
	unit_id INTEGER NOT NULL, 
	occupied_from DATETIME NOT NULL, 
	occupied_until DATETIME NOT NULL, 
	hold_id INTEGER NOT NULL, 
	CONSTRAINT pk_booking_occupancy PRIMARY KEY (id), 
	CONSTRAINT ck_booking_occupancy_span_positive CHECK (occupied_from < occupied_until), 
	CONSTRAINT fk_booking_occupancy_unit_id_booking_unit FOREIGN KEY(unit_id) REFERENCES booking_unit (id), 
	CONSTRAINT fk_booking_occupancy_hold_id_booking_hold FOREIGN KEY(hold_id) REFERENCES booking_hold (id)
)
;
CREATE INDEX ix_booking_occupancy_hold_id ON booking_occupancy (hold_id)
;
CREATE INDEX ix_booking_occupancy_unit_id ON booking_occupancy (unit_id, occupied_from)
;
CREATE TABLE booking_usage (
	id INTEGER NOT NULL, 
	reservation_id INTEGER, 
	machine_id INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	charge_unit VARCHAR NOT NULL, 
	handed_out_at DATETIME NOT NULL, 
	handed_out_by INTEGER, 
	handed_back_at DATETIME, 
	handed_back_by INTEGER, 
	reading_before INTEGER, 
	reading_after INTEGER, 
	booked_amount INTEGER, 
	used_amount INTEGER, 
	places INTEGER NOT NULL, 
	note_before VARCHAR NOT NULL, 
	note_after VARCHAR NOT NULL, 
	photo_before_id INTEGER, 
	photo_after_id INTEGER, 
	objected_at DATETIME, 
	objection VARCHAR NOT NULL, 
	answered_at DATETIME, 
	answered_by INTEGER, 
	answer VARCHAR NOT NULL, 
	revision INTEGER NOT NULL, price_class VARCHAR, service_date DATE, objection_until DATETIME, operator_name VARCHAR DEFAULT '' NOT NULL, operator_user_id INTEGER, supervisor_name VARCHAR DEFAULT '' NOT NULL, second_person VARCHAR DEFAULT '' NOT NULL, second_user_id INTEGER, 
	CONSTRAINT pk_booking_usage PRIMARY KEY (id), 
	CONSTRAINT ck_booking_usage_amount_at_hand_back CHECK ((handed_back_at IS NULL) = (used_amount IS NULL)), 
	CONSTRAINT ck_booking_usage_order CHECK (handed_back_at IS NULL OR handed_out_at <= handed_back_at), 
	CONSTRAINT ck_booking_usage_reading_forward CHECK (reading_after IS NULL OR reading_before IS NULL OR reading_before <= reading_after), 
	CONSTRAINT ck_booking_usage_amount_not_negative CHECK (used_amount IS NULL OR used_amount >= 0), 
	CONSTRAINT uq_booking_usage_reservation_id UNIQUE (reservation_id), 
	CONSTRAINT fk_booking_usage_reservation_id_booking_reservation FOREIGN KEY(reservation_id) REFERENCES booking_reservation (id), 
	CONSTRAINT fk_booking_usage_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id), 
	CONSTRAINT fk_booking_usage_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id), 
	CONSTRAINT fk_booking_usage_photo_before_id_booking_photo FOREIGN KEY(photo_before_id) REFERENCES booking_photo (id), 
	CONSTRAINT fk_booking_usage_photo_after_id_booking_photo FOREIGN KEY(photo_after_id) REFERENCES booking_photo (id)
)
;
CREATE INDEX ix_booking_usage_member_id ON booking_usage (member_id, handed_out_at)
;
CREATE INDEX ix_booking_usage_machine_id ON booking_usage (machine_id, handed_out_at)
;
CREATE TABLE auth_user (
	id INTEGER NOT NULL, 
	email VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	password_hash VARCHAR, 
	member_id INTEGER, 
	is_treasurer BOOLEAN NOT NULL, 
	is_admin BOOLEAN NOT NULL, 
	language VARCHAR NOT NULL, 
	theme VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	disabled_at DATETIME, 
	revision INTEGER NOT NULL, tour_ended_at DATETIME, uses_search_key BOOLEAN DEFAULT 1 NOT NULL, 
	CONSTRAINT pk_auth_user PRIMARY KEY (id), 
	CONSTRAINT uq_auth_user_email UNIQUE (email), 
	CONSTRAINT fk_auth_user_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id)
)
;
CREATE INDEX ix_auth_user_member_id ON auth_user (member_id)
;
CREATE TABLE auth_managed_workshop (
	id INTEGER NOT NULL, 
	user_id INTEGER NOT NULL, 
	workshop_id INTEGER NOT NULL, 
	is_deputy BOOLEAN NOT NULL, 
	valid_from DATE, 
	valid_until DATE, 
	named_by INTEGER, 
	CONSTRAINT pk_auth_managed_workshop PRIMARY KEY (id), 
	CONSTRAINT ck_auth_managed_workshop_days CHECK (valid_from IS NULL OR valid_until IS NULL OR valid_from <= valid_until), 
	CONSTRAINT fk_auth_managed_workshop_user_id_auth_user FOREIGN KEY(user_id) REFERENCES auth_user (id), 
	CONSTRAINT fk_auth_managed_workshop_workshop_id_booking_workshop FOREIGN KEY(workshop_id) REFERENCES booking_workshop (id)
)
;
CREATE INDEX ix_auth_managed_workshop_workshop_id ON auth_managed_workshop (workshop_id)
;
CREATE TABLE auth_session (
	id INTEGER NOT NULL, 
	token_hash VARCHAR NOT NULL, 
	user_id INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	device VARCHAR NOT NULL, 
	CONSTRAINT pk_auth_session PRIMARY KEY (id), 
	CONSTRAINT uq_auth_session_token_hash UNIQUE (token_hash), 
	CONSTRAINT fk_auth_session_user_id_auth_user FOREIGN KEY(user_id) REFERENCES auth_user (id)
)
;
CREATE INDEX ix_auth_session_user_id ON auth_session (user_id)
;
CREATE TABLE auth_one_use_token (
	id INTEGER NOT NULL, 
	token_hash VARCHAR NOT NULL, 
	user_id INTEGER NOT NULL, 
	purpose VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	used_at DATETIME, 
	CONSTRAINT pk_auth_one_use_token PRIMARY KEY (id), 
	CONSTRAINT ck_auth_one_use_token_purpose CHECK (purpose IN ('invitation', 'password')), 
	CONSTRAINT uq_auth_one_use_token_token_hash UNIQUE (token_hash), 
	CONSTRAINT fk_auth_one_use_token_user_id_auth_user FOREIGN KEY(user_id) REFERENCES auth_user (id)
)
;
CREATE INDEX ix_auth_one_use_token_user_id ON auth_one_use_token (user_id)
;
CREATE TABLE auth_attempts (
	kind VARCHAR NOT NULL, 
	email_hash VARCHAR NOT NULL, 
	tries INTEGER NOT NULL, 
	last_at DATETIME NOT NULL, 
	locked_until DATETIME, 
	CONSTRAINT pk_auth_attempts PRIMARY KEY (kind, email_hash), 
	CONSTRAINT ck_auth_attempts_kind CHECK (kind IN ('login', 'password', 'code'))
)
;
CREATE INDEX ix_auth_attempts_last_at ON auth_attempts (last_at)
;
CREATE TABLE auth_second_factor (
	user_id INTEGER NOT NULL, 
	secret VARCHAR NOT NULL, 
	begun_at DATETIME NOT NULL, 
	switched_on_at DATETIME, 
	last_step BIGINT NOT NULL, 
	CONSTRAINT pk_auth_second_factor PRIMARY KEY (user_id), 
	CONSTRAINT ck_auth_second_factor_secret CHECK (length(secret) >= 32), 
	CONSTRAINT fk_auth_second_factor_user_id_auth_user FOREIGN KEY(user_id) REFERENCES auth_user (id)
)
;
CREATE TABLE auth_recovery_code (
	id INTEGER NOT NULL, 
	user_id INTEGER NOT NULL, 
	code_hash VARCHAR NOT NULL, 
	CONSTRAINT pk_auth_recovery_code PRIMARY KEY (id), 
	CONSTRAINT fk_auth_recovery_code_user_id_auth_second_factor FOREIGN KEY(user_id) REFERENCES auth_second_factor (user_id)
)
;
CREATE UNIQUE INDEX ix_auth_recovery_code_user_id ON auth_recovery_code (user_id, code_hash)
;
CREATE TABLE auth_pending_login (
	id INTEGER NOT NULL, 
	token_hash VARCHAR NOT NULL, 
	user_id INTEGER NOT NULL, 
	expires_at DATETIME NOT NULL, 
	CONSTRAINT pk_auth_pending_login PRIMARY KEY (id), 
	CONSTRAINT uq_auth_pending_login_token_hash UNIQUE (token_hash), 
	CONSTRAINT fk_auth_pending_login_user_id_auth_user FOREIGN KEY(user_id) REFERENCES auth_user (id)
)
;
CREATE INDEX ix_auth_pending_login_user_id ON auth_pending_login (user_id)
;
CREATE TABLE mail_outbox (
	id INTEGER NOT NULL, 
	"key" VARCHAR NOT NULL, 
	to_address VARCHAR NOT NULL, 
	to_name VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	body VARCHAR NOT NULL, 
	calendar VARCHAR, 
	queued_at DATETIME NOT NULL, 
	next_attempt_at DATETIME NOT NULL, 
	attempts INTEGER NOT NULL, 
	last_error VARCHAR NOT NULL, 
	sent_at DATETIME, 
	given_up_at DATETIME, is_our_fault BOOLEAN DEFAULT 0 NOT NULL, link_ends_at DATETIME, is_urgent BOOLEAN DEFAULT 0 NOT NULL, off_url VARCHAR DEFAULT '' NOT NULL, language VARCHAR DEFAULT '' NOT NULL, tone VARCHAR DEFAULT '' NOT NULL, document_sending_id INTEGER, audience VARCHAR DEFAULT '' NOT NULL, recipient VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_mail_outbox PRIMARY KEY (id), 
	CONSTRAINT ck_mail_outbox_one_end CHECK (sent_at IS NULL OR given_up_at IS NULL), 
	CONSTRAINT uq_mail_outbox_key UNIQUE ("key")
)
;
CREATE TABLE job_run (
	name VARCHAR NOT NULL, 
	due_at DATETIME NOT NULL, 
	claimed_at DATETIME NOT NULL, 
	holder VARCHAR NOT NULL, 
	ended_at DATETIME, 
	outcome VARCHAR NOT NULL, 
	CONSTRAINT pk_job_run PRIMARY KEY (name, due_at)
)
;
CREATE TABLE api_idempotency_record (
	user_id INTEGER NOT NULL, 
	"key" VARCHAR NOT NULL, 
	request_hash VARCHAR NOT NULL, 
	status INTEGER NOT NULL, 
	body VARCHAR NOT NULL, 
	headers VARCHAR NOT NULL, 
	answered_at DATETIME NOT NULL, 
	CONSTRAINT pk_api_idempotency_record PRIMARY KEY (user_id, "key"), 
	CONSTRAINT fk_api_idempotency_record_user_id_auth_user FOREIGN KEY(user_id) REFERENCES auth_user (id)
)
;
CREATE INDEX ix_api_idempotency_record_answered_at ON api_idempotency_record (answered_at)
;
CREATE TABLE billing_tariff (
	id INTEGER NOT NULL, 
	machine_id INTEGER NOT NULL, 
	valid_from DATE NOT NULL, 
	version INTEGER NOT NULL, 
	charge_unit VARCHAR NOT NULL, 
	minimum_cents INTEGER NOT NULL, 
	minimum_amount INTEGER NOT NULL, 
	step_amount INTEGER NOT NULL, 
	basis VARCHAR NOT NULL, 
	tax_code VARCHAR, 
	note VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	revision INTEGER NOT NULL, has_parts BOOLEAN DEFAULT 0 NOT NULL, cap_day_cents BIGINT CONSTRAINT ck_billing_tariff_cap CHECK (cap_day_cents > 0), price_includes_vat BOOLEAN DEFAULT true NOT NULL CONSTRAINT ck_billing_tariff_vat CHECK (price_includes_vat OR tax_code IS NOT NULL), 
	CONSTRAINT pk_billing_tariff PRIMARY KEY (id), 
	CONSTRAINT ck_billing_tariff_not_negative CHECK (minimum_cents >= 0 AND minimum_amount >= 0 AND step_amount > 0), 
	CONSTRAINT ck_billing_tariff_tax_code CHECK (length(tax_code) BETWEEN 1 AND 12), 
	CONSTRAINT ck_billing_tariff_basis CHECK (basis IN ('used', 'larger', 'booked')), 
	CONSTRAINT fk_billing_tariff_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id)
)
;
CREATE UNIQUE INDEX ix_billing_tariff_machine_id ON billing_tariff (machine_id, valid_from, version)
;
CREATE TABLE billing_tariff_price (
	tariff_id INTEGER NOT NULL, 
	price_class VARCHAR NOT NULL, 
	price NUMERIC(12, 4) NOT NULL, 
	CONSTRAINT pk_billing_tariff_price PRIMARY KEY (tariff_id, price_class), 
	CONSTRAINT ck_billing_tariff_price_not_negative CHECK (price >= 0), 
	CONSTRAINT fk_billing_tariff_price_tariff_id_billing_tariff FOREIGN KEY(tariff_id) REFERENCES billing_tariff (id), 
	CONSTRAINT fk_billing_tariff_price_price_class_booking_price_class FOREIGN KEY(price_class) REFERENCES booking_price_class (code)
)
;
CREATE TABLE billing_charge (
	id INTEGER NOT NULL, 
	usage_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	machine_id INTEGER NOT NULL, 
	tariff_id INTEGER NOT NULL, 
	service_date DATE NOT NULL, 
	price_class VARCHAR NOT NULL, 
	charge_unit VARCHAR NOT NULL, 
	charged_amount BIGINT NOT NULL, 
	cents BIGINT NOT NULL, 
	calculation JSON NOT NULL, 
	tax_code VARCHAR, 
	reverses_id INTEGER, 
	created_at DATETIME NOT NULL, added_vat_cents BIGINT DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_billing_charge PRIMARY KEY (id), 
	CONSTRAINT ck_billing_charge_tax_code CHECK (length(tax_code) BETWEEN 1 AND 12), 
	CONSTRAINT ck_billing_charge_even_reverses CHECK ((number % 2 = 0) = (reverses_id IS NOT NULL)), 
	CONSTRAINT fk_billing_charge_usage_id_booking_usage FOREIGN KEY(usage_id) REFERENCES booking_usage (id), 
	CONSTRAINT fk_billing_charge_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id), 
	CONSTRAINT fk_billing_charge_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id), 
	CONSTRAINT fk_billing_charge_tariff_id_billing_tariff FOREIGN KEY(tariff_id) REFERENCES billing_tariff (id), 
	CONSTRAINT fk_billing_charge_price_class_booking_price_class FOREIGN KEY(price_class) REFERENCES booking_price_class (code), 
	CONSTRAINT uq_billing_charge_reverses_id UNIQUE (reverses_id), 
	CONSTRAINT fk_billing_charge_reverses_id_billing_charge FOREIGN KEY(reverses_id) REFERENCES billing_charge (id)
)
;
CREATE INDEX ix_billing_charge_member_id ON billing_charge (member_id, service_date)
;
CREATE UNIQUE INDEX ix_billing_charge_usage_id ON billing_charge (usage_id, number)
;
CREATE INDEX ix_billing_charge_machine_id ON billing_charge (machine_id, service_date)
;
CREATE TABLE billing_unpriced (
	usage_id INTEGER NOT NULL, 
	machine_id INTEGER NOT NULL, 
	service_date DATE NOT NULL, 
	noted_at DATETIME NOT NULL, 
	CONSTRAINT pk_billing_unpriced PRIMARY KEY (usage_id), 
	CONSTRAINT fk_billing_unpriced_usage_id_booking_usage FOREIGN KEY(usage_id) REFERENCES booking_usage (id), 
	CONSTRAINT fk_billing_unpriced_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id)
)
;
CREATE INDEX ix_billing_unpriced_machine_id ON billing_unpriced (machine_id, service_date)
;
CREATE TABLE billing_pool (
	id INTEGER NOT NULL, 
	machine_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	rules JSON NOT NULL, 
	revision INTEGER NOT NULL, excludes_guests BOOLEAN DEFAULT 0 NOT NULL, charges_are VARCHAR CONSTRAINT ck_billing_pool_charges_are CHECK (charges_are IN ('income', 'advance')), counts_machine BOOLEAN DEFAULT 1 NOT NULL, 
	CONSTRAINT pk_billing_pool PRIMARY KEY (id), 
	CONSTRAINT fk_billing_pool_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id), 
	CONSTRAINT uq_billing_pool_name UNIQUE (name)
)
;
CREATE INDEX ix_billing_pool_machine_id ON billing_pool (machine_id)
;
CREATE TABLE billing_cost (
	id INTEGER NOT NULL, 
	pool_id INTEGER NOT NULL, 
	service_date DATE NOT NULL, 
	supplier VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	document VARCHAR NOT NULL, 
	note VARCHAR NOT NULL, 
	net_cents BIGINT NOT NULL, 
	tax_code VARCHAR, 
	entered_at DATETIME NOT NULL, 
	entered_by INTEGER, 
	revision INTEGER NOT NULL, 
	form_key VARCHAR, 
	CONSTRAINT pk_billing_cost PRIMARY KEY (id), 
	CONSTRAINT ck_billing_cost_not_zero CHECK (net_cents <> 0), 
	CONSTRAINT ck_billing_cost_tax_code CHECK (length(tax_code) BETWEEN 1 AND 12), 
	CONSTRAINT fk_billing_cost_pool_id_billing_pool FOREIGN KEY(pool_id) REFERENCES billing_pool (id)
)
;
CREATE INDEX ix_billing_cost_pool_id ON billing_cost (pool_id, service_date)
;
CREATE UNIQUE INDEX ix_billing_cost_form_key ON billing_cost (form_key)
;
CREATE TABLE billing_share (
	id INTEGER NOT NULL, 
	pool_id INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	shares INTEGER NOT NULL, 
	valid_from DATE NOT NULL, outlasts_membership BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_billing_share PRIMARY KEY (id), 
	CONSTRAINT ck_billing_share_not_negative CHECK (shares >= 0), 
	CONSTRAINT fk_billing_share_pool_id_billing_pool FOREIGN KEY(pool_id) REFERENCES billing_pool (id), 
	CONSTRAINT fk_billing_share_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id)
)
;
CREATE UNIQUE INDEX ix_billing_share_pool_id ON billing_share (pool_id, member_id, valid_from)
;
CREATE TABLE billing_allocation (
	id INTEGER NOT NULL, 
	pool_id INTEGER NOT NULL, 
	period_from DATE NOT NULL, 
	period_until DATE NOT NULL, 
	total_cents BIGINT NOT NULL, 
	posted_at DATETIME NOT NULL, 
	posted_by INTEGER, 
	reverses_id INTEGER, 
	note VARCHAR NOT NULL, 
	CONSTRAINT pk_billing_allocation PRIMARY KEY (id), 
	CONSTRAINT ck_billing_allocation_period CHECK (period_from <= period_until), 
	CONSTRAINT fk_billing_allocation_pool_id_billing_pool FOREIGN KEY(pool_id) REFERENCES billing_pool (id), 
	CONSTRAINT uq_billing_allocation_reverses_id UNIQUE (reverses_id), 
	CONSTRAINT fk_billing_allocation_reverses_id_billing_allocation FOREIGN KEY(reverses_id) REFERENCES billing_allocation (id)
)
;
CREATE INDEX ix_billing_allocation_pool_id ON billing_allocation (pool_id, period_from)
;
CREATE TABLE billing_cost_group (
	allocation_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	"key" VARCHAR NOT NULL, 
	kinds JSON NOT NULL, 
	shares_on DATE, 
	charge_unit VARCHAR NOT NULL, 
	cents BIGINT NOT NULL, 
	weight_sum BIGINT NOT NULL, working JSON, 
	CONSTRAINT pk_billing_cost_group PRIMARY KEY (allocation_id, number), 
	CONSTRAINT fk_billing_cost_group_allocation_id_billing_allocation FOREIGN KEY(allocation_id) REFERENCES billing_allocation (id)
)
;
CREATE TABLE billing_allocation_cost (
	allocation_id INTEGER NOT NULL, 
	cost_id INTEGER NOT NULL, 
	group_number INTEGER NOT NULL, 
	service_date DATE NOT NULL, 
	supplier VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	document VARCHAR NOT NULL, 
	net_cents BIGINT NOT NULL, 
	CONSTRAINT pk_billing_allocation_cost PRIMARY KEY (allocation_id, cost_id), 
	CONSTRAINT ck_billing_allocation_cost_not_empty CHECK (supplier <> '' AND kind <> ''), 
	CONSTRAINT fk_billing_allocation_cost_allocation_id_billing_cost_group FOREIGN KEY(allocation_id, group_number) REFERENCES billing_cost_group (allocation_id, number), 
	CONSTRAINT fk_billing_allocation_cost_cost_id_billing_cost FOREIGN KEY(cost_id) REFERENCES billing_cost (id)
)
;
CREATE INDEX ix_billing_allocation_cost_cost_id ON billing_allocation_cost (cost_id)
;
CREATE TABLE billing_allocation_line (
	allocation_id INTEGER NOT NULL, 
	group_number INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	weight BIGINT NOT NULL, 
	cents BIGINT NOT NULL, 
	got_rounding_cent BOOLEAN NOT NULL, 
	CONSTRAINT pk_billing_allocation_line PRIMARY KEY (allocation_id, group_number, member_id), 
	CONSTRAINT fk_billing_allocation_line_allocation_id_billing_cost_group FOREIGN KEY(allocation_id, group_number) REFERENCES billing_cost_group (allocation_id, number), 
	CONSTRAINT fk_billing_allocation_line_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id)
)
;
CREATE INDEX ix_billing_allocation_line_member_id ON billing_allocation_line (member_id)
;
CREATE TABLE billing_allocation_slip (
	allocation_id INTEGER NOT NULL, 
	usage_id INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	service_date DATE NOT NULL, 
	amount INTEGER NOT NULL, 
	CONSTRAINT pk_billing_allocation_slip PRIMARY KEY (allocation_id, usage_id), 
	CONSTRAINT ck_billing_allocation_slip_not_negative CHECK (amount >= 0), 
	CONSTRAINT fk_billing_allocation_slip_allocation_id_billing_allocation FOREIGN KEY(allocation_id) REFERENCES billing_allocation (id), 
	CONSTRAINT fk_billing_allocation_slip_usage_id_booking_usage FOREIGN KEY(usage_id) REFERENCES booking_usage (id), 
	CONSTRAINT fk_billing_allocation_slip_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id)
)
;
CREATE INDEX ix_billing_allocation_slip_usage_id ON billing_allocation_slip (usage_id)
;
CREATE TABLE calendars_feed (
	id INTEGER NOT NULL, 
	token_hash VARCHAR NOT NULL, 
	user_id INTEGER NOT NULL, 
	scope VARCHAR NOT NULL, 
	privacy VARCHAR NOT NULL, 
	member_id INTEGER, 
	machine_id INTEGER, 
	workshop_id INTEGER, 
	label VARCHAR NOT NULL, 
	language VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	revoked_at DATETIME, 
	CONSTRAINT pk_calendars_feed PRIMARY KEY (id), 
	CONSTRAINT ck_calendars_feed_machine_of_machine CHECK ((scope = 'machine') = (machine_id IS NOT NULL)), 
	CONSTRAINT ck_calendars_feed_member_of_mine CHECK ((scope = 'mine') = (member_id IS NOT NULL)), 
	CONSTRAINT ck_calendars_feed_workshop_of_workshop CHECK ((scope = 'workshop') = (workshop_id IS NOT NULL)), 
	CONSTRAINT ck_calendars_feed_privacy CHECK (privacy IN ('full', 'busy')), 
	CONSTRAINT ck_calendars_feed_scope CHECK (scope IN ('mine', 'machine', 'workshop')), 
	CONSTRAINT uq_calendars_feed_token_hash UNIQUE (token_hash), 
	CONSTRAINT fk_calendars_feed_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id), 
	CONSTRAINT fk_calendars_feed_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id), 
	CONSTRAINT fk_calendars_feed_workshop_id_booking_workshop FOREIGN KEY(workshop_id) REFERENCES booking_workshop (id)
)
;
CREATE INDEX ix_calendars_feed_user_id ON calendars_feed (user_id)
;
CREATE INDEX ix_booking_blocking_around ON booking_blocking (machine_id, ends_at) WHERE around_reservations AND lifted_at IS NULL
;
CREATE INDEX ix_booking_reservation_out ON booking_reservation (machine_id) WHERE status = 'in_use'
;
CREATE INDEX ix_booking_reservation_confirmed ON booking_reservation (ends_at) WHERE status = 'confirmed'
;
CREATE TABLE booking_former_price_class (
	member_id INTEGER NOT NULL, 
	held_until DATE NOT NULL, 
	price_class VARCHAR NOT NULL, 
	CONSTRAINT pk_booking_former_price_class PRIMARY KEY (member_id, held_until), 
	CONSTRAINT fk_booking_former_price_class_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id) ON DELETE CASCADE, 
	CONSTRAINT fk_booking_former_price_class_price_class_booking_price_class FOREIGN KEY(price_class) REFERENCES booking_price_class (code)
)
;
CREATE INDEX ix_booking_usage_machine_day ON booking_usage (machine_id, service_date)
;
CREATE INDEX ix_booking_usage_service_date ON booking_usage (service_date)
;
CREATE INDEX ix_booking_reservation_no_show ON booking_reservation (changed_at) WHERE status = 'no_show'
;
CREATE TABLE mail_suspension (
	id INTEGER NOT NULL, 
	failures INTEGER NOT NULL, 
	since DATETIME NOT NULL, 
	open_until DATETIME NOT NULL, 
	reason VARCHAR NOT NULL, 
	is_our_fault BOOLEAN NOT NULL, 
	by_refusals BOOLEAN NOT NULL, 
	CONSTRAINT pk_mail_suspension PRIMARY KEY (id), 
	CONSTRAINT ck_mail_suspension_one_row CHECK (id = 1)
)
;
CREATE TABLE booking_damage_report (
	id INTEGER NOT NULL, 
	machine_id INTEGER NOT NULL, 
	member_id INTEGER, 
	reported_by INTEGER NOT NULL, 
	reported_at DATETIME NOT NULL, 
	text VARCHAR NOT NULL, 
	photo_id INTEGER, 
	done_at DATETIME, 
	done_by INTEGER, 
	CONSTRAINT pk_booking_damage_report PRIMARY KEY (id), 
	CONSTRAINT ck_booking_damage_report_text_filled CHECK (text <> ''), 
	CONSTRAINT ck_booking_damage_report_done_by_somebody CHECK ((done_at IS NULL) = (done_by IS NULL)), 
	CONSTRAINT fk_booking_damage_report_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id), 
	CONSTRAINT fk_booking_damage_report_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id), 
	CONSTRAINT fk_booking_damage_report_photo_id_booking_photo FOREIGN KEY(photo_id) REFERENCES booking_photo (id)
)
;
CREATE UNIQUE INDEX ix_booking_damage_report_open_of_member ON booking_damage_report (machine_id, member_id) WHERE done_at IS NULL
;
CREATE INDEX ix_booking_damage_report_machine_id ON booking_damage_report (machine_id, done_at)
;
CREATE INDEX ix_booking_damage_report_reported_by ON booking_damage_report (reported_by, reported_at)
;
CREATE TABLE notifications_attached_entry (
	mail_id INTEGER NOT NULL, 
	reservation_id INTEGER NOT NULL, 
	revision INTEGER NOT NULL, 
	recipient VARCHAR NOT NULL, 
	CONSTRAINT pk_notifications_attached_entry PRIMARY KEY (mail_id, reservation_id), 
	CONSTRAINT fk_notifications_attached_entry_mail_id_mail_outbox FOREIGN KEY(mail_id) REFERENCES mail_outbox (id) ON DELETE CASCADE, 
	CONSTRAINT fk_notifications_attached_entry_reservation FOREIGN KEY(reservation_id) REFERENCES booking_reservation (id)
)
;
CREATE INDEX ix_notifications_attached_entry_reservation_id ON notifications_attached_entry (reservation_id)
;
CREATE TABLE import_remembered_columns (
	kind VARCHAR NOT NULL, 
	shape VARCHAR NOT NULL, 
	choice JSON NOT NULL, 
	chosen_at DATETIME NOT NULL, 
	CONSTRAINT pk_import_remembered_columns PRIMARY KEY (kind, shape)
)
;
CREATE INDEX ix_booking_reservation_outside_rules ON booking_reservation (machine_id, ends_at) WHERE outside_rules_since IS NOT NULL
;
CREATE TABLE "booking_induction" (
	id INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	kind_id INTEGER NOT NULL, 
	given_on DATE NOT NULL, 
	valid_until DATE NOT NULL, 
	given_by VARCHAR NOT NULL, 
	ended_at DATETIME, 
	given_until DATE, person_name VARCHAR DEFAULT '' NOT NULL, person_user_id INTEGER, level VARCHAR DEFAULT 'alone' NOT NULL CONSTRAINT ck_booking_induction_level CHECK (level IN ('supervised', 'alone', 'trainer')), reminded_until DATE, 
	CONSTRAINT pk_booking_induction PRIMARY KEY (id), 
	CONSTRAINT ck_booking_induction_days CHECK (given_on <= valid_until), 
	CONSTRAINT fk_booking_induction_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id), 
	CONSTRAINT fk_booking_induction_kind_id_booking_induction_kind FOREIGN KEY(kind_id) REFERENCES booking_induction_kind (id), 
	CONSTRAINT ck_booking_induction_shortened CHECK (given_until IS NULL OR valid_until < given_until)
)
;
CREATE INDEX ix_booking_induction_member_id ON booking_induction (member_id, kind_id)
;
CREATE TABLE import_last (
	kind VARCHAR NOT NULL, 
	stored_at DATETIME NOT NULL, 
	user_id INTEGER, 
	CONSTRAINT pk_import_last PRIMARY KEY (kind)
)
;
CREATE TABLE import_last_record (
	kind VARCHAR NOT NULL, 
	record_id INTEGER NOT NULL, 
	"before" JSON, 
	"after" JSON NOT NULL, 
	CONSTRAINT pk_import_last_record PRIMARY KEY (kind, record_id), 
	CONSTRAINT fk_import_last_record_kind_import_last FOREIGN KEY(kind) REFERENCES import_last (kind) ON DELETE CASCADE
)
;
CREATE INDEX ix_booking_reservation_former ON booking_reservation (former_starts_at) WHERE former_starts_at IS NOT NULL
;
CREATE INDEX ix_auth_managed_workshop_user_id ON auth_managed_workshop (user_id, workshop_id)
;
CREATE UNIQUE INDEX ix_auth_managed_workshop_manager ON auth_managed_workshop (user_id, workshop_id) WHERE NOT is_deputy
;
CREATE TABLE booking_deleted_id (
	table_name VARCHAR NOT NULL, 
	last_id INTEGER NOT NULL, 
	CONSTRAINT pk_booking_deleted_id PRIMARY KEY (table_name)
)
;
CREATE INDEX ix_booking_usage_newest ON booking_usage (handed_out_at, id)
;
CREATE INDEX ix_booking_usage_member_machine ON booking_usage (member_id, machine_id, handed_out_at)
;
CREATE INDEX ix_billing_charge_day ON billing_charge (service_date, cents)
;
CREATE INDEX ix_billing_charge_posted ON billing_charge (created_at, id)
;
CREATE INDEX ix_billing_allocation_slip_member ON billing_allocation_slip (member_id, allocation_id, usage_id)
;
CREATE INDEX ix_booking_reservation_status_start ON booking_reservation (status, starts_at, id)
;
CREATE INDEX ix_booking_usage_disputed ON booking_usage (handed_out_at, id) WHERE objected_at IS NOT NULL AND answered_at IS NULL
;
CREATE INDEX ix_mail_outbox_sent_at ON mail_outbox (sent_at, given_up_at, is_urgent, next_attempt_at)
;
CREATE TABLE "auth_api_token" (
	id INTEGER NOT NULL, 
	token_hash VARCHAR NOT NULL, 
	user_id INTEGER NOT NULL, 
	label VARCHAR NOT NULL, 
	is_read_only BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	revoked_at DATETIME, 
	expires_at DATETIME NOT NULL, 
	last_used_at DATETIME, 
	CONSTRAINT pk_auth_api_token PRIMARY KEY (id), 
	CONSTRAINT uq_auth_api_token_token_hash UNIQUE (token_hash), 
	CONSTRAINT fk_auth_api_token_user_id_auth_user FOREIGN KEY(user_id) REFERENCES auth_user (id)
)
;
CREATE INDEX ix_auth_api_token_user_id ON auth_api_token (user_id)
;
CREATE INDEX ix_billing_charge_machine_posted ON billing_charge (machine_id, created_at, id)
;
CREATE INDEX ix_billing_charge_member_posted ON billing_charge (member_id, created_at, id)
;
CREATE INDEX ix_booking_usage_member_id_id ON booking_usage (member_id, id)
;
CREATE TABLE auth_security_entry (
	id INTEGER NOT NULL, 
	minute DATETIME NOT NULL, 
	kind VARCHAR NOT NULL, 
	network VARCHAR NOT NULL, 
	user_id INTEGER NOT NULL, 
	count INTEGER NOT NULL, file VARCHAR DEFAULT '' NOT NULL, row_count BIGINT DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_auth_security_entry PRIMARY KEY (id)
)
;
CREATE INDEX ix_auth_security_entry_kind ON auth_security_entry (kind, id)
;
CREATE TABLE installation (
	id INTEGER NOT NULL, 
	key_mark VARCHAR NOT NULL, 
	worker_ran_at DATETIME, 
	worker VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_installation PRIMARY KEY (id), 
	CONSTRAINT ck_installation_single CHECK (id = 1)
)
;
CREATE INDEX ix_billing_allocation_line_bearer ON billing_allocation_line (allocation_id, member_id)
;
CREATE TABLE auth_shown_once (
	session_id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	secret VARCHAR NOT NULL, 
	made_at DATETIME NOT NULL, 
	CONSTRAINT pk_auth_shown_once PRIMARY KEY (session_id), 
	CONSTRAINT fk_auth_shown_once_session_id_auth_session FOREIGN KEY(session_id) REFERENCES auth_session (id) ON DELETE CASCADE
)
;
CREATE TABLE auth_login_rate (
	key_hash VARCHAR NOT NULL, 
	ends_at DATETIME NOT NULL, 
	used INTEGER NOT NULL, 
	CONSTRAINT pk_auth_login_rate PRIMARY KEY (key_hash)
)
;
CREATE INDEX ix_auth_login_rate_ends_at ON auth_login_rate (ends_at)
;
CREATE INDEX ix_booking_reservation_long ON booking_reservation (starts_at, id) WHERE (julianday(ends_at) - julianday(starts_at)) > 2
;
CREATE INDEX ix_booking_member_leaving ON booking_member (left_on) WHERE left_on IS NOT NULL
;
CREATE INDEX ix_booking_member_unsplit ON booking_member (id) WHERE address_text != ''
;
CREATE INDEX ix_booking_member_name ON booking_member (name, id)
;
CREATE UNIQUE INDEX ix_auth_security_entry_minute ON auth_security_entry (minute, kind, network, user_id, file)
;
CREATE TABLE notifications_mail_choice (
	id INTEGER NOT NULL, 
	user_id INTEGER, 
	member_id INTEGER, 
	kind VARCHAR NOT NULL, 
	is_wanted BOOLEAN NOT NULL, 
	changed_at DATETIME NOT NULL, 
	CONSTRAINT pk_notifications_mail_choice PRIMARY KEY (id), 
	CONSTRAINT ck_notifications_mail_choice_one_owner CHECK ((user_id IS NULL) <> (member_id IS NULL)), 
	CONSTRAINT fk_notifications_mail_choice_user_id_auth_user FOREIGN KEY(user_id) REFERENCES auth_user (id) ON DELETE CASCADE, 
	CONSTRAINT fk_notifications_mail_choice_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id) ON DELETE CASCADE
)
;
CREATE UNIQUE INDEX ix_notifications_mail_choice_user_id ON notifications_mail_choice (user_id, kind)
;
CREATE UNIQUE INDEX ix_notifications_mail_choice_member_id ON notifications_mail_choice (member_id, kind)
;
CREATE TABLE notifications_reminder (
	reservation_id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_notifications_reminder PRIMARY KEY (reservation_id, kind, at), 
	CONSTRAINT fk_notifications_reminder_reservation_id_booking_reservation FOREIGN KEY(reservation_id) REFERENCES booking_reservation (id) ON DELETE CASCADE
)
;
CREATE INDEX ix_notifications_reminder_at ON notifications_reminder (at)
;
CREATE TABLE notifications_cancel_link (
	id INTEGER NOT NULL, 
	token_hash VARCHAR NOT NULL, 
	reservation_id INTEGER NOT NULL, 
	user_id INTEGER, 
	created_at DATETIME NOT NULL, 
	used_at DATETIME, 
	CONSTRAINT pk_notifications_cancel_link PRIMARY KEY (id), 
	CONSTRAINT uq_notifications_cancel_link_token_hash UNIQUE (token_hash), 
	CONSTRAINT fk_notifications_cancel_link_reservation FOREIGN KEY(reservation_id) REFERENCES booking_reservation (id) ON DELETE CASCADE, 
	CONSTRAINT fk_notifications_cancel_link_user_id_auth_user FOREIGN KEY(user_id) REFERENCES auth_user (id) ON DELETE CASCADE
)
;
CREATE INDEX ix_notifications_cancel_link_reservation_id ON notifications_cancel_link (reservation_id)
;
CREATE INDEX ix_notifications_cancel_link_created_at ON notifications_cancel_link (created_at)
;
CREATE TABLE background_task (
	id INTEGER NOT NULL, 
	user_id INTEGER NOT NULL, 
	endpoint VARCHAR NOT NULL, 
	method VARCHAR NOT NULL, 
	address VARCHAR NOT NULL, 
	script_root VARCHAR NOT NULL, 
	language VARCHAR NOT NULL, 
	body BLOB NOT NULL, 
	state VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	holder VARCHAR NOT NULL, 
	done_steps INTEGER NOT NULL, 
	total_steps INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	started_at DATETIME, 
	renewed_at DATETIME, 
	ended_at DATETIME, 
	status INTEGER, 
	location VARCHAR NOT NULL, 
	media_type VARCHAR NOT NULL, 
	file_name VARCHAR NOT NULL, 
	bytes INTEGER NOT NULL, 
	csrf_token VARCHAR NOT NULL, 
	messages JSON NOT NULL, rights JSON, 
	CONSTRAINT pk_background_task PRIMARY KEY (id), 
	CONSTRAINT ck_background_task_state CHECK (state IN ('waiting', 'running', 'done', 'failed')), 
	CONSTRAINT ck_background_task_ended CHECK ((state IN ('done', 'failed')) = (ended_at IS NOT NULL)), 
	CONSTRAINT fk_background_task_user_id_auth_user FOREIGN KEY(user_id) REFERENCES auth_user (id) ON DELETE CASCADE
)
;
CREATE INDEX ix_background_task_user_id ON background_task (user_id)
;
CREATE INDEX ix_background_task_open ON background_task (id) WHERE ended_at IS NULL
;
CREATE TABLE background_task_chunk (
	task_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	content BLOB NOT NULL, 
	CONSTRAINT pk_background_task_chunk PRIMARY KEY (task_id, number), 
	CONSTRAINT fk_background_task_chunk_task_id_background_task FOREIGN KEY(task_id) REFERENCES background_task (id) ON DELETE CASCADE
)
;
CREATE TABLE booking_announcement (
	id INTEGER NOT NULL, 
	workshop_id INTEGER, 
	text VARCHAR NOT NULL, 
	last_day DATE NOT NULL, 
	announced_at DATETIME NOT NULL, 
	announced_by INTEGER, 
	withdrawn_at DATETIME, 
	CONSTRAINT pk_booking_announcement PRIMARY KEY (id), 
	CONSTRAINT ck_booking_announcement_text_length CHECK (text <> '' AND length(text) <= 500), 
	CONSTRAINT fk_booking_announcement_workshop_id_booking_workshop FOREIGN KEY(workshop_id) REFERENCES booking_workshop (id)
)
;
CREATE INDEX ix_booking_announcement_last_day ON booking_announcement (last_day)
;
CREATE TABLE billing_charge_total (
	service_date DATE NOT NULL, 
	cents BIGINT NOT NULL, 
	CONSTRAINT pk_billing_charge_total PRIMARY KEY (service_date)
)
;
CREATE INDEX ix_billing_cost_service_date ON billing_cost (service_date)
;
CREATE TABLE booking_machine_group (
	id INTEGER NOT NULL, 
	workshop_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	retired_at DATETIME, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_booking_machine_group PRIMARY KEY (id), 
	CONSTRAINT ck_booking_machine_group_name_length CHECK (name <> '' AND length(name) <= 120), 
	CONSTRAINT fk_booking_machine_group_workshop_id_booking_workshop FOREIGN KEY(workshop_id) REFERENCES booking_workshop (id)
)
;
CREATE INDEX ix_booking_machine_group_workshop_id ON booking_machine_group (workshop_id, name)
;
CREATE TABLE booking_group_machine (
	machine_id INTEGER NOT NULL, 
	group_id INTEGER NOT NULL, 
	rank INTEGER NOT NULL, 
	CONSTRAINT pk_booking_group_machine PRIMARY KEY (machine_id), 
	CONSTRAINT ck_booking_group_machine_rank CHECK (rank BETWEEN 1 AND 99), 
	CONSTRAINT fk_booking_group_machine_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id) ON DELETE CASCADE, 
	CONSTRAINT fk_booking_group_machine_group_id_booking_machine_group FOREIGN KEY(group_id) REFERENCES booking_machine_group (id)
)
;
CREATE INDEX ix_booking_group_machine_group_id ON booking_group_machine (group_id)
;
CREATE TABLE booking_quota (
	id INTEGER NOT NULL, 
	workshop_id INTEGER, 
	machine_id INTEGER, 
	group_id INTEGER, 
	member_id INTEGER, 
	price_class VARCHAR, 
	measure VARCHAR NOT NULL, 
	period VARCHAR, 
	most INTEGER NOT NULL, 
	weekdays INTEGER, 
	from_minute INTEGER, 
	until_minute INTEGER, 
	counted_from DATE NOT NULL, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_booking_quota PRIMARY KEY (id), 
	CONSTRAINT ck_booking_quota_measure CHECK ((measure = 'open' AND period IS NULL) OR (measure IN ('time', 'prime_time') AND period IS NOT NULL AND period IN ('week', 'month'))), 
	CONSTRAINT ck_booking_quota_prime_time CHECK ((measure <> 'prime_time' AND weekdays IS NULL AND from_minute IS NULL AND until_minute IS NULL) OR (measure = 'prime_time' AND weekdays IS NOT NULL AND from_minute IS NOT NULL AND until_minute IS NOT NULL AND weekdays BETWEEN 1 AND 127 AND 0 <= from_minute AND from_minute < until_minute AND until_minute <= 1440)), 
	CONSTRAINT ck_booking_quota_most CHECK (most BETWEEN 1 AND 600000), 
	CONSTRAINT ck_booking_quota_machine_in_workshop CHECK ((machine_id IS NULL AND group_id IS NULL) OR workshop_id IS NOT NULL), 
	CONSTRAINT ck_booking_quota_one_scope CHECK (machine_id IS NULL OR group_id IS NULL), 
	CONSTRAINT ck_booking_quota_one_group CHECK (member_id IS NULL OR price_class IS NULL), 
	CONSTRAINT fk_booking_quota_workshop_id_booking_workshop FOREIGN KEY(workshop_id) REFERENCES booking_workshop (id), 
	CONSTRAINT fk_booking_quota_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id) ON DELETE CASCADE, 
	CONSTRAINT fk_booking_quota_group_id_booking_machine_group FOREIGN KEY(group_id) REFERENCES booking_machine_group (id), 
	CONSTRAINT fk_booking_quota_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id) ON DELETE CASCADE, 
	CONSTRAINT fk_booking_quota_price_class_booking_price_class FOREIGN KEY(price_class) REFERENCES booking_price_class (code)
)
;
CREATE INDEX ix_booking_quota_workshop_id ON booking_quota (workshop_id)
;
CREATE INDEX ix_booking_quota_group_id ON booking_quota (group_id)
;
CREATE INDEX ix_booking_quota_member_id ON booking_quota (member_id)
;
CREATE INDEX ix_booking_quota_machine_id ON booking_quota (machine_id)
;
CREATE TABLE booking_quota_account (
	member_id INTEGER NOT NULL, 
	CONSTRAINT pk_booking_quota_account PRIMARY KEY (member_id), 
	CONSTRAINT fk_booking_quota_account_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id) ON DELETE CASCADE
)
;
CREATE TABLE booking_quota_use (
	reservation_id INTEGER NOT NULL, 
	quota_id INTEGER NOT NULL, 
	first_day DATE NOT NULL, 
	member_id INTEGER NOT NULL, 
	seconds INTEGER NOT NULL, 
	CONSTRAINT pk_booking_quota_use PRIMARY KEY (reservation_id, quota_id, first_day), 
	CONSTRAINT ck_booking_quota_use_seconds CHECK (seconds > 0), 
	CONSTRAINT fk_booking_quota_use_reservation_id_booking_reservation FOREIGN KEY(reservation_id) REFERENCES booking_reservation (id) ON DELETE CASCADE, 
	CONSTRAINT fk_booking_quota_use_quota_id_booking_quota FOREIGN KEY(quota_id) REFERENCES booking_quota (id) ON DELETE CASCADE, 
	CONSTRAINT fk_booking_quota_use_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id) ON DELETE CASCADE
)
;
CREATE INDEX ix_booking_quota_use_quota ON booking_quota_use (quota_id)
;
CREATE INDEX ix_booking_quota_use_member ON booking_quota_use (member_id, quota_id, first_day)
;
CREATE TABLE booking_machine_hours (
	machine_id INTEGER NOT NULL, 
	weekday INTEGER NOT NULL, 
	opens_minute INTEGER NOT NULL, 
	closes_minute INTEGER NOT NULL, 
	CONSTRAINT pk_booking_machine_hours PRIMARY KEY (machine_id, weekday, opens_minute), 
	CONSTRAINT ck_booking_machine_hours_weekday CHECK (weekday BETWEEN 0 AND 6), 
	CONSTRAINT ck_booking_machine_hours_minutes CHECK (0 <= opens_minute AND opens_minute < closes_minute AND closes_minute <= 1440), 
	CONSTRAINT fk_booking_machine_hours_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id) ON DELETE CASCADE
)
;
CREATE TABLE billing_allocation_count (
	allocation_id INTEGER NOT NULL, 
	group_number INTEGER NOT NULL, 
	bearers INTEGER NOT NULL, 
	rounding_cents INTEGER NOT NULL, 
	CONSTRAINT pk_billing_allocation_count PRIMARY KEY (allocation_id, group_number), 
	CONSTRAINT fk_billing_allocation_count_allocation_id_billing_allocation FOREIGN KEY(allocation_id) REFERENCES billing_allocation (id)
)
;
CREATE INDEX ix_billing_allocation_line_weight ON billing_allocation_line (allocation_id, group_number, weight, member_id)
;
CREATE INDEX ix_booking_member_price_class ON booking_member (price_class)
;
CREATE TABLE booking_series (
	id INTEGER NOT NULL, 
	uid VARCHAR NOT NULL, 
	machine_id INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	rrule VARCHAR NOT NULL, 
	zone VARCHAR NOT NULL, 
	wall_start VARCHAR NOT NULL, 
	length_min INTEGER NOT NULL, 
	passage INTEGER, 
	places INTEGER NOT NULL, 
	purpose VARCHAR NOT NULL, 
	first_starts_at DATETIME NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by INTEGER, 
	changed_at DATETIME NOT NULL, 
	revision INTEGER NOT NULL, calendar_base INTEGER DEFAULT '0' NOT NULL, may_move_min INTEGER DEFAULT '0' NOT NULL, second_person VARCHAR DEFAULT '' NOT NULL, second_user_id INTEGER, choices VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_booking_series PRIMARY KEY (id), 
	CONSTRAINT ck_booking_series_length_positive CHECK (length_min > 0), 
	CONSTRAINT ck_booking_series_places_positive CHECK (places > 0), 
	CONSTRAINT ck_booking_series_wall_start CHECK (length(wall_start) = 16), 
	CONSTRAINT ck_booking_series_passage CHECK (passage IN (0, 1)), 
	CONSTRAINT uq_booking_series_uid UNIQUE (uid), 
	CONSTRAINT fk_booking_series_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id), 
	CONSTRAINT fk_booking_series_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id)
)
;
CREATE INDEX ix_booking_series_machine_id ON booking_series (machine_id)
;
CREATE INDEX ix_booking_series_member_id ON booking_series (member_id, first_starts_at)
;
CREATE TABLE booking_occurrence (
	series_id INTEGER NOT NULL, 
	occurs_on DATE NOT NULL, 
	reservation_id INTEGER NOT NULL, 
	CONSTRAINT pk_booking_occurrence PRIMARY KEY (series_id, occurs_on), 
	CONSTRAINT fk_booking_occurrence_series_id_booking_series FOREIGN KEY(series_id) REFERENCES booking_series (id), 
	CONSTRAINT uq_booking_occurrence_reservation_id UNIQUE (reservation_id), 
	CONSTRAINT fk_booking_occurrence_reservation_id_booking_reservation FOREIGN KEY(reservation_id) REFERENCES booking_reservation (id)
)
;
CREATE TABLE booking_waiting_entry (
	id INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	machine_id INTEGER, 
	group_id INTEGER, 
	window_from DATETIME NOT NULL, 
	window_until DATETIME NOT NULL, 
	length_min INTEGER, 
	part VARCHAR NOT NULL, 
	places INTEGER NOT NULL, 
	purpose VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by INTEGER, 
	left_at DATETIME, 
	revision INTEGER NOT NULL, offer_id INTEGER, is_automatic BOOLEAN DEFAULT 0 NOT NULL, second_person VARCHAR DEFAULT '' NOT NULL, second_user_id INTEGER, choices VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_booking_waiting_entry PRIMARY KEY (id), 
	CONSTRAINT ck_booking_waiting_entry_one_target CHECK ((machine_id IS NULL) <> (group_id IS NULL)), 
	CONSTRAINT ck_booking_waiting_entry_window_positive CHECK (window_from < window_until), 
	CONSTRAINT ck_booking_waiting_entry_length_positive CHECK (length_min > 0), 
	CONSTRAINT ck_booking_waiting_entry_part CHECK (part IN ('any', 'morning', 'afternoon', 'evening')), 
	CONSTRAINT ck_booking_waiting_entry_part_of_pattern CHECK (length_min IS NOT NULL OR part = 'any'), 
	CONSTRAINT ck_booking_waiting_entry_places_positive CHECK (places > 0), 
	CONSTRAINT fk_booking_waiting_entry_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id), 
	CONSTRAINT fk_booking_waiting_entry_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id), 
	CONSTRAINT fk_booking_waiting_entry_group_id_booking_machine_group FOREIGN KEY(group_id) REFERENCES booking_machine_group (id)
)
;
CREATE INDEX ix_booking_waiting_entry_machine_id ON booking_waiting_entry (machine_id, window_until)
;
CREATE INDEX ix_booking_waiting_entry_group_id ON booking_waiting_entry (group_id, window_until)
;
CREATE INDEX ix_booking_waiting_entry_member_id ON booking_waiting_entry (member_id, window_until)
;
CREATE TABLE booking_prerequisite (
	kind_id INTEGER NOT NULL, 
	required_kind_id INTEGER NOT NULL, 
	CONSTRAINT pk_booking_prerequisite PRIMARY KEY (kind_id, required_kind_id), 
	CONSTRAINT ck_booking_prerequisite_other CHECK (kind_id <> required_kind_id), 
	CONSTRAINT fk_booking_prerequisite_kind_id_booking_induction_kind FOREIGN KEY(kind_id) REFERENCES booking_induction_kind (id), 
	CONSTRAINT fk_booking_prerequisite_required_kind_id_booking_induction_kind FOREIGN KEY(required_kind_id) REFERENCES booking_induction_kind (id)
)
;
CREATE INDEX ix_booking_prerequisite_required_kind_id ON booking_prerequisite (required_kind_id)
;
CREATE INDEX ix_booking_usage_reading ON booking_usage (machine_id, handed_out_at, id) WHERE reading_after IS NOT NULL
;
CREATE TABLE booking_replanned (
	reservation_id INTEGER NOT NULL, 
	blocking_id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	from_machine_id INTEGER NOT NULL, 
	from_starts_at DATETIME NOT NULL, 
	from_ends_at DATETIME NOT NULL, 
	to_machine_id INTEGER NOT NULL, 
	to_starts_at DATETIME NOT NULL, 
	to_ends_at DATETIME NOT NULL, 
	made_at DATETIME NOT NULL, told_free_at DATETIME, hold_id INTEGER, lapses_at DATETIME, 
	CONSTRAINT pk_booking_replanned PRIMARY KEY (reservation_id), 
	CONSTRAINT ck_booking_replanned_kind CHECK (kind IN ('moved', 'offered')), 
	CONSTRAINT ck_booking_replanned_spans_positive CHECK (from_starts_at < from_ends_at AND to_starts_at < to_ends_at), 
	CONSTRAINT fk_booking_replanned_reservation_id_booking_reservation FOREIGN KEY(reservation_id) REFERENCES booking_reservation (id) ON DELETE CASCADE, 
	CONSTRAINT fk_booking_replanned_blocking_id_booking_blocking FOREIGN KEY(blocking_id) REFERENCES booking_blocking (id), 
	CONSTRAINT fk_booking_replanned_from_machine_id_booking_machine FOREIGN KEY(from_machine_id) REFERENCES booking_machine (id) ON DELETE CASCADE, 
	CONSTRAINT fk_booking_replanned_to_machine_id_booking_machine FOREIGN KEY(to_machine_id) REFERENCES booking_machine (id) ON DELETE CASCADE
)
;
CREATE INDEX ix_booking_replanned_to_machine_id ON booking_replanned (to_machine_id)
;
CREATE INDEX ix_booking_replanned_blocking_id ON booking_replanned (blocking_id)
;
CREATE INDEX ix_booking_replanned_from_machine_id ON booking_replanned (from_machine_id)
;
CREATE TABLE booking_replan_told (
	blocking_id INTEGER NOT NULL, 
	reservation_id INTEGER NOT NULL, told_as VARCHAR, 
	CONSTRAINT pk_booking_replan_told PRIMARY KEY (blocking_id, reservation_id), 
	CONSTRAINT fk_booking_replan_told_blocking_id_booking_blocking FOREIGN KEY(blocking_id) REFERENCES booking_blocking (id), 
	CONSTRAINT fk_booking_replan_told_reservation_id_booking_reservation FOREIGN KEY(reservation_id) REFERENCES booking_reservation (id) ON DELETE CASCADE
)
;
CREATE INDEX ix_booking_replan_told_reservation_id ON booking_replan_told (reservation_id)
;
CREATE TABLE booking_member_names (
	id INTEGER NOT NULL CONSTRAINT ck_booking_member_names_only_one CHECK (id = 1), 
	version VARCHAR NOT NULL, 
	CONSTRAINT pk_booking_member_names PRIMARY KEY (id)
)
;
CREATE TABLE booking_following_series (
	series_id INTEGER NOT NULL, 
	follows_id INTEGER NOT NULL, 
	CONSTRAINT pk_booking_following_series PRIMARY KEY (series_id), 
	CONSTRAINT fk_booking_following_series_series_id_booking_series FOREIGN KEY(series_id) REFERENCES booking_series (id), 
	CONSTRAINT fk_booking_following_series_follows_id_booking_series FOREIGN KEY(follows_id) REFERENCES booking_series (id)
)
;
CREATE INDEX ix_booking_following_series_follows_id ON booking_following_series (follows_id)
;
CREATE TABLE booking_closure_series (
	id INTEGER NOT NULL, 
	machine_id INTEGER NOT NULL, 
	rrule VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by INTEGER, 
	CONSTRAINT pk_booking_closure_series PRIMARY KEY (id), 
	CONSTRAINT fk_booking_closure_series_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id) ON DELETE CASCADE
)
;
CREATE INDEX ix_booking_closure_series_machine_id ON booking_closure_series (machine_id)
;
CREATE TABLE booking_closure_date (
	series_id INTEGER NOT NULL, 
	occurs_on DATE NOT NULL, 
	blocking_id INTEGER NOT NULL, 
	CONSTRAINT pk_booking_closure_date PRIMARY KEY (series_id, occurs_on), 
	CONSTRAINT fk_booking_closure_date_series_id_booking_closure_series FOREIGN KEY(series_id) REFERENCES booking_closure_series (id) ON DELETE CASCADE, 
	CONSTRAINT uq_booking_closure_date_blocking_id UNIQUE (blocking_id), 
	CONSTRAINT fk_booking_closure_date_blocking_id_booking_blocking FOREIGN KEY(blocking_id) REFERENCES booking_blocking (id) ON DELETE CASCADE
)
;
CREATE TABLE booking_offer (
	id INTEGER NOT NULL, 
	hold_kind VARCHAR DEFAULT 'offer' NOT NULL, 
	entry_id INTEGER NOT NULL, 
	machine_id INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	starts_at DATETIME NOT NULL, 
	ends_at DATETIME NOT NULL, 
	occupied_from DATETIME NOT NULL, 
	occupied_until DATETIME NOT NULL, 
	places INTEGER NOT NULL, 
	state VARCHAR NOT NULL, 
	offered_at DATETIME NOT NULL, 
	lapses_at DATETIME NOT NULL, 
	closed_at DATETIME, 
	reservation_id INTEGER, 
	revision INTEGER NOT NULL, is_asked BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_booking_offer PRIMARY KEY (id), 
	CONSTRAINT fk_booking_offer_id_booking_hold FOREIGN KEY(id, hold_kind) REFERENCES booking_hold (id, kind), 
	CONSTRAINT ck_booking_offer_hold_kind CHECK (hold_kind = 'offer'), 
	CONSTRAINT ck_booking_offer_state CHECK (state IN ('open', 'accepted', 'declined', 'lapsed', 'withdrawn')), 
	CONSTRAINT ck_booking_offer_closed CHECK ((state = 'open') = (closed_at IS NULL)), 
	CONSTRAINT ck_booking_offer_accepted CHECK ((state = 'accepted') = (reservation_id IS NOT NULL)), 
	CONSTRAINT ck_booking_offer_span_positive CHECK (starts_at < ends_at), 
	CONSTRAINT fk_booking_offer_entry_id_booking_waiting_entry FOREIGN KEY(entry_id) REFERENCES booking_waiting_entry (id), 
	CONSTRAINT fk_booking_offer_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id), 
	CONSTRAINT fk_booking_offer_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id), 
	CONSTRAINT fk_booking_offer_reservation_id_booking_reservation FOREIGN KEY(reservation_id) REFERENCES booking_reservation (id)
)
;
CREATE INDEX ix_booking_offer_entry_id ON booking_offer (entry_id)
;
CREATE INDEX ix_booking_offer_state ON booking_offer (state, lapses_at)
;
CREATE INDEX ix_booking_offer_machine_id ON booking_offer (machine_id, state)
;
CREATE INDEX ix_booking_offer_member_id ON booking_offer (member_id, state)
;
CREATE TABLE notifications_offer_link (
	id INTEGER NOT NULL, 
	token_hash VARCHAR NOT NULL, 
	offer_id INTEGER NOT NULL, 
	user_id INTEGER, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_notifications_offer_link PRIMARY KEY (id), 
	CONSTRAINT uq_notifications_offer_link_token_hash UNIQUE (token_hash), 
	CONSTRAINT fk_notifications_offer_link_offer FOREIGN KEY(offer_id) REFERENCES booking_offer (id) ON DELETE CASCADE, 
	CONSTRAINT fk_notifications_offer_link_user_id_auth_user FOREIGN KEY(user_id) REFERENCES auth_user (id) ON DELETE CASCADE
)
;
CREATE INDEX ix_notifications_offer_link_offer_id ON notifications_offer_link (offer_id)
;
CREATE INDEX ix_notifications_offer_link_created_at ON notifications_offer_link (created_at)
;
CREATE TABLE booking_former_occurrence (
	reservation_id INTEGER NOT NULL, 
	CONSTRAINT pk_booking_former_occurrence PRIMARY KEY (reservation_id), 
	CONSTRAINT fk_booking_former_occurrence_reservation_id_booking_reservation FOREIGN KEY(reservation_id) REFERENCES booking_reservation (id)
)
;
CREATE TABLE booking_exchange (
	id INTEGER NOT NULL, 
	given_id INTEGER NOT NULL, 
	given_revision INTEGER NOT NULL, 
	wanted_id INTEGER, 
	wanted_revision INTEGER, 
	proposer_id INTEGER NOT NULL, 
	receiver_id INTEGER NOT NULL, 
	note VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	proposed_at DATETIME NOT NULL, 
	lapses_at DATETIME NOT NULL, 
	closed_at DATETIME, 
	made_for_receiver_id INTEGER, 
	made_for_proposer_id INTEGER, 
	revision INTEGER NOT NULL, agreed_at DATETIME CONSTRAINT ck_booking_exchange_agreed CHECK (agreed_at IS NULL OR wanted_id IS NOT NULL), receivers_second VARCHAR DEFAULT '' NOT NULL, receivers_second_user_id INTEGER, proposers_second VARCHAR DEFAULT '' NOT NULL, proposers_second_user_id INTEGER, 
	CONSTRAINT pk_booking_exchange PRIMARY KEY (id), 
	CONSTRAINT ck_booking_exchange_members_distinct CHECK (proposer_id <> receiver_id), 
	CONSTRAINT ck_booking_exchange_reservations_distinct CHECK (wanted_id IS NULL OR wanted_id <> given_id), 
	CONSTRAINT ck_booking_exchange_wanted_complete CHECK ((wanted_id IS NULL) = (wanted_revision IS NULL)), 
	CONSTRAINT ck_booking_exchange_state CHECK (state IN ('open', 'accepted', 'declined', 'lapsed', 'withdrawn', 'outdated')), 
	CONSTRAINT ck_booking_exchange_closed CHECK ((state = 'open') = (closed_at IS NULL)), 
	CONSTRAINT ck_booking_exchange_accepted CHECK ((state = 'accepted') = (made_for_receiver_id IS NOT NULL)), 
	CONSTRAINT ck_booking_exchange_swapped CHECK ((state = 'accepted' AND wanted_id IS NOT NULL) = (made_for_proposer_id IS NOT NULL)), 
	CONSTRAINT ck_booking_exchange_span_positive CHECK (proposed_at < lapses_at), 
	CONSTRAINT fk_booking_exchange_given_id_booking_reservation FOREIGN KEY(given_id) REFERENCES booking_reservation (id), 
	CONSTRAINT fk_booking_exchange_wanted_id_booking_reservation FOREIGN KEY(wanted_id) REFERENCES booking_reservation (id), 
	CONSTRAINT fk_booking_exchange_proposer_id_booking_member FOREIGN KEY(proposer_id) REFERENCES booking_member (id), 
	CONSTRAINT fk_booking_exchange_receiver_id_booking_member FOREIGN KEY(receiver_id) REFERENCES booking_member (id), 
	CONSTRAINT fk_booking_exchange_made_for_receiver_id_booking_reservation FOREIGN KEY(made_for_receiver_id) REFERENCES booking_reservation (id), 
	CONSTRAINT fk_booking_exchange_made_for_proposer_id_booking_reservation FOREIGN KEY(made_for_proposer_id) REFERENCES booking_reservation (id)
)
;
CREATE INDEX ix_booking_exchange_given_id ON booking_exchange (given_id)
;
CREATE INDEX ix_booking_exchange_wanted_id ON booking_exchange (wanted_id)
;
CREATE UNIQUE INDEX uq_booking_exchange_open ON booking_exchange (given_id) WHERE state = 'open'
;
CREATE INDEX ix_booking_exchange_state ON booking_exchange (state, lapses_at)
;
CREATE INDEX ix_booking_exchange_proposer_id ON booking_exchange (proposer_id, state)
;
CREATE INDEX ix_booking_exchange_receiver_id ON booking_exchange (receiver_id, state)
;
CREATE TABLE booking_zone_rules (
	zone VARCHAR NOT NULL, 
	rules BLOB NOT NULL, 
	version VARCHAR NOT NULL, 
	noted_at DATETIME NOT NULL, 
	CONSTRAINT pk_booking_zone_rules PRIMARY KEY (zone)
)
;
CREATE TABLE booking_zone_change (
	id INTEGER NOT NULL, 
	workshop_id INTEGER NOT NULL, 
	zone VARCHAR NOT NULL, 
	version VARCHAR NOT NULL, 
	former_zone VARCHAR NOT NULL, 
	former_rules BLOB NOT NULL, 
	former_version VARCHAR NOT NULL, 
	found_at DATETIME NOT NULL, 
	settled_at DATETIME, 
	settled_by INTEGER, 
	moved INTEGER NOT NULL, 
	stayed INTEGER NOT NULL, 
	CONSTRAINT pk_booking_zone_change PRIMARY KEY (id), 
	CONSTRAINT fk_booking_zone_change_workshop_id_booking_workshop FOREIGN KEY(workshop_id) REFERENCES booking_workshop (id) ON DELETE CASCADE
)
;
CREATE UNIQUE INDEX ix_booking_zone_change_open ON booking_zone_change (workshop_id) WHERE settled_at IS NULL
;
CREATE UNIQUE INDEX ix_booking_replanned_hold_id ON booking_replanned (hold_id)
;
CREATE TABLE notifications_proposal_link (
	id INTEGER NOT NULL, 
	token_hash VARCHAR NOT NULL, 
	hold_id INTEGER NOT NULL, 
	reservation_id INTEGER NOT NULL, 
	user_id INTEGER, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_notifications_proposal_link PRIMARY KEY (id), 
	CONSTRAINT uq_notifications_proposal_link_token_hash UNIQUE (token_hash), 
	CONSTRAINT fk_notifications_proposal_link_reservation FOREIGN KEY(reservation_id) REFERENCES booking_reservation (id) ON DELETE CASCADE, 
	CONSTRAINT fk_notifications_proposal_link_user_id_auth_user FOREIGN KEY(user_id) REFERENCES auth_user (id) ON DELETE CASCADE
)
;
CREATE INDEX ix_notifications_proposal_link_created_at ON notifications_proposal_link (created_at)
;
CREATE INDEX ix_notifications_proposal_link_reservation_id ON notifications_proposal_link (reservation_id)
;
CREATE TABLE booking_course (
	id INTEGER NOT NULL, 
	kind_id INTEGER NOT NULL, 
	workshop_id INTEGER NOT NULL, 
	starts_at DATETIME NOT NULL, 
	ends_at DATETIME NOT NULL, 
	place VARCHAR NOT NULL, 
	seats INTEGER NOT NULL, 
	price_note VARCHAR NOT NULL, 
	note VARCHAR NOT NULL, 
	trainer_member_id INTEGER NOT NULL, 
	trainer_name VARCHAR NOT NULL, 
	trainer_user_id INTEGER, 
	created_at DATETIME NOT NULL, 
	created_by INTEGER, 
	cancelled_at DATETIME, 
	cancel_reason VARCHAR NOT NULL, 
	held_at DATETIME, 
	revision INTEGER NOT NULL, changed_at DATETIME, trainer_lost_at DATETIME, 
	CONSTRAINT pk_booking_course PRIMARY KEY (id), 
	CONSTRAINT ck_booking_course_span_positive CHECK (starts_at < ends_at), 
	CONSTRAINT ck_booking_course_seats CHECK (seats BETWEEN 1 AND 200), 
	CONSTRAINT ck_booking_course_cancelled_or_held CHECK (cancelled_at IS NULL OR held_at IS NULL), 
	CONSTRAINT fk_booking_course_kind_id_booking_induction_kind FOREIGN KEY(kind_id) REFERENCES booking_induction_kind (id), 
	CONSTRAINT fk_booking_course_workshop_id_booking_workshop FOREIGN KEY(workshop_id) REFERENCES booking_workshop (id), 
	CONSTRAINT fk_booking_course_trainer_member_id_booking_member FOREIGN KEY(trainer_member_id) REFERENCES booking_member (id)
)
;
CREATE INDEX ix_booking_course_ends_at ON booking_course (ends_at)
;
CREATE INDEX ix_booking_course_trainer_member_id ON booking_course (trainer_member_id)
;
CREATE INDEX ix_booking_course_kind_id ON booking_course (kind_id, ends_at)
;
CREATE INDEX ix_booking_course_workshop_id ON booking_course (workshop_id, ends_at)
;
CREATE TABLE booking_course_machine (
	course_id INTEGER NOT NULL, 
	machine_id INTEGER NOT NULL, 
	blocking_id INTEGER NOT NULL, 
	CONSTRAINT pk_booking_course_machine PRIMARY KEY (course_id, machine_id), 
	CONSTRAINT fk_booking_course_machine_course_id_booking_course FOREIGN KEY(course_id) REFERENCES booking_course (id), 
	CONSTRAINT fk_booking_course_machine_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id), 
	CONSTRAINT uq_booking_course_machine_blocking_id UNIQUE (blocking_id), 
	CONSTRAINT fk_booking_course_machine_blocking_id_booking_blocking FOREIGN KEY(blocking_id) REFERENCES booking_blocking (id)
)
;
CREATE TABLE booking_course_seat (
	course_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	CONSTRAINT pk_booking_course_seat PRIMARY KEY (course_id, number), 
	CONSTRAINT ck_booking_course_seat_number CHECK (number BETWEEN 1 AND 200), 
	CONSTRAINT fk_booking_course_seat_course_id_booking_course FOREIGN KEY(course_id) REFERENCES booking_course (id)
)
;
CREATE TABLE booking_course_signup (
	id INTEGER NOT NULL, 
	course_id INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	person_name VARCHAR NOT NULL, 
	person_key VARCHAR NOT NULL, 
	person_user_id INTEGER, 
	seat INTEGER, 
	joined_at DATETIME NOT NULL, 
	joined_by INTEGER, 
	left_at DATETIME, 
	was_present BOOLEAN, 
	induction_id INTEGER, 
	CONSTRAINT pk_booking_course_signup PRIMARY KEY (id), 
	CONSTRAINT fk_booking_course_signup_seat FOREIGN KEY(course_id, seat) REFERENCES booking_course_seat (course_id, number), 
	CONSTRAINT uq_booking_course_signup_seat UNIQUE (course_id, seat), 
	CONSTRAINT uq_booking_course_signup_induction UNIQUE (induction_id), 
	CONSTRAINT ck_booking_course_signup_left_no_seat CHECK (left_at IS NULL OR seat IS NULL), 
	CONSTRAINT ck_booking_course_signup_present CHECK (induction_id IS NULL OR was_present), 
	CONSTRAINT fk_booking_course_signup_course_id_booking_course FOREIGN KEY(course_id) REFERENCES booking_course (id), 
	CONSTRAINT fk_booking_course_signup_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id), 
	CONSTRAINT fk_booking_course_signup_induction_id_booking_induction FOREIGN KEY(induction_id) REFERENCES booking_induction (id)
)
;
CREATE INDEX ix_booking_course_signup_member_id ON booking_course_signup (member_id)
;
CREATE UNIQUE INDEX uq_booking_course_signup_person ON booking_course_signup (course_id, member_id, person_key) WHERE left_at IS NULL
;
CREATE TABLE booking_induction_wish (
	id INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	kind_id INTEGER NOT NULL, 
	asked_at DATETIME NOT NULL, 
	asked_by INTEGER, 
	closed_at DATETIME, 
	CONSTRAINT pk_booking_induction_wish PRIMARY KEY (id), 
	CONSTRAINT fk_booking_induction_wish_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id), 
	CONSTRAINT fk_booking_induction_wish_kind_id_booking_induction_kind FOREIGN KEY(kind_id) REFERENCES booking_induction_kind (id)
)
;
CREATE INDEX ix_booking_induction_wish_kind_id ON booking_induction_wish (kind_id, closed_at)
;
CREATE UNIQUE INDEX uq_booking_induction_wish_open ON booking_induction_wish (member_id, kind_id) WHERE closed_at IS NULL
;
CREATE INDEX ix_booking_induction_valid_until ON booking_induction (valid_until)
;
CREATE TABLE billing_advance (
	id INTEGER NOT NULL, 
	pool_id INTEGER NOT NULL, 
	period_from DATE NOT NULL, 
	period_until DATE NOT NULL, 
	shares_on DATE NOT NULL, 
	unit_cents BIGINT NOT NULL, 
	total_cents BIGINT NOT NULL, 
	posted_at DATETIME NOT NULL, 
	posted_by INTEGER, 
	reverses_id INTEGER, 
	note VARCHAR NOT NULL, 
	form_key VARCHAR, 
	CONSTRAINT pk_billing_advance PRIMARY KEY (id), 
	CONSTRAINT ck_billing_advance_period CHECK (period_from <= period_until), 
	CONSTRAINT ck_billing_advance_not_zero CHECK (unit_cents <> 0), 
	CONSTRAINT fk_billing_advance_pool_id_billing_pool FOREIGN KEY(pool_id) REFERENCES billing_pool (id), 
	CONSTRAINT uq_billing_advance_reverses_id UNIQUE (reverses_id), 
	CONSTRAINT fk_billing_advance_reverses_id_billing_advance FOREIGN KEY(reverses_id) REFERENCES billing_advance (id), 
	CONSTRAINT uq_billing_advance_form_key UNIQUE (form_key)
)
;
CREATE INDEX ix_billing_advance_pool_id ON billing_advance (pool_id, period_from)
;
CREATE TABLE billing_advance_line (
	advance_id INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	shares INTEGER NOT NULL, 
	cents BIGINT NOT NULL, 
	CONSTRAINT pk_billing_advance_line PRIMARY KEY (advance_id, member_id), 
	CONSTRAINT fk_billing_advance_line_advance_id_billing_advance FOREIGN KEY(advance_id) REFERENCES billing_advance (id), 
	CONSTRAINT fk_billing_advance_line_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id)
)
;
CREATE TABLE billing_allocation_charge (
	allocation_id INTEGER NOT NULL, 
	charge_id INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	cents BIGINT NOT NULL, 
	CONSTRAINT pk_billing_allocation_charge PRIMARY KEY (allocation_id, charge_id), 
	CONSTRAINT fk_billing_allocation_charge_allocation_id_billing_allocation FOREIGN KEY(allocation_id) REFERENCES billing_allocation (id), 
	CONSTRAINT fk_billing_allocation_charge_charge_id_billing_charge FOREIGN KEY(charge_id) REFERENCES billing_charge (id), 
	CONSTRAINT fk_billing_allocation_charge_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id)
)
;
CREATE INDEX ix_billing_allocation_charge_allocation_id ON billing_allocation_charge (allocation_id, member_id)
;
CREATE INDEX ix_billing_allocation_charge_charge_id ON billing_allocation_charge (charge_id)
;
CREATE TABLE billing_allocation_advance (
	allocation_id INTEGER NOT NULL, 
	advance_id INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	cents BIGINT NOT NULL, 
	CONSTRAINT pk_billing_allocation_advance PRIMARY KEY (allocation_id, advance_id, member_id), 
	CONSTRAINT fk_billing_allocation_advance_allocation_id_billing_allocation FOREIGN KEY(allocation_id) REFERENCES billing_allocation (id), 
	CONSTRAINT fk_billing_allocation_advance_advance_id_billing_advance FOREIGN KEY(advance_id) REFERENCES billing_advance (id), 
	CONSTRAINT fk_billing_allocation_advance_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id)
)
;
CREATE INDEX ix_billing_allocation_advance_advance_id ON billing_allocation_advance (advance_id, member_id)
;
CREATE TABLE billing_ledger (
	id INTEGER NOT NULL, 
	state VARCHAR NOT NULL, 
	chart VARCHAR NOT NULL, 
	opened_on DATE, 
	posted_charge_id INTEGER NOT NULL, 
	posted_allocation_id INTEGER NOT NULL, 
	revision INTEGER NOT NULL, period_length VARCHAR DEFAULT 'year' NOT NULL CONSTRAINT ck_billing_ledger_period_length CHECK (period_length IN ('year', 'month')), 
	CONSTRAINT pk_billing_ledger PRIMARY KEY (id), 
	CONSTRAINT ck_billing_ledger_one_row CHECK (id = 1), 
	CONSTRAINT ck_billing_ledger_state CHECK (state IN ('closed', 'opening', 'open')), 
	CONSTRAINT ck_billing_ledger_chart CHECK (chart IN ('skr03', 'skr04'))
)
;
CREATE TABLE billing_account (
	id INTEGER NOT NULL, 
	code VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	skr03 VARCHAR NOT NULL, 
	skr04 VARCHAR NOT NULL, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_billing_account PRIMARY KEY (id), 
	CONSTRAINT ck_billing_account_kind CHECK (kind IN ('asset', 'liability', 'equity', 'income', 'expense')), 
	CONSTRAINT ck_billing_account_number CHECK (length(skr03) BETWEEN 4 AND 8 AND length(skr04) BETWEEN 4 AND 8), 
	CONSTRAINT uq_billing_account_code UNIQUE (code), 
	CONSTRAINT uq_billing_account_skr03 UNIQUE (skr03), 
	CONSTRAINT uq_billing_account_skr04 UNIQUE (skr04)
)
;
CREATE TABLE billing_entry (
	id INTEGER NOT NULL, 
	posting_date DATE NOT NULL, 
	service_from DATE NOT NULL, 
	service_until DATE NOT NULL, 
	lines INTEGER NOT NULL, 
	charge_id INTEGER, 
	allocation_id INTEGER, 
	advance_id INTEGER, 
	reverses_id INTEGER, 
	sha256 VARCHAR NOT NULL, 
	posted_at DATETIME NOT NULL, 
	posted_by INTEGER, fee_id INTEGER, equity_id INTEGER, 
	CONSTRAINT pk_billing_entry PRIMARY KEY (id), 
	CONSTRAINT ck_billing_entry_one_source CHECK ((CASE WHEN charge_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN allocation_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN advance_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN fee_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN equity_id IS NULL THEN 0 ELSE 1 END) = 1), CONSTRAINT fk_billing_entry_equity_id_billing_equity_move FOREIGN KEY(equity_id) REFERENCES billing_equity_move (id), CONSTRAINT fk_billing_entry_fee_id_billing_fee FOREIGN KEY(fee_id) REFERENCES billing_fee (id), 
	CONSTRAINT ck_billing_entry_lines CHECK (lines >= 2), 
	CONSTRAINT ck_billing_entry_id CHECK (id >= 1), 
	CONSTRAINT ck_billing_entry_service CHECK (service_from <= service_until), 
	CONSTRAINT uq_billing_entry_charge_id UNIQUE (charge_id), 
	CONSTRAINT fk_billing_entry_charge_id_billing_charge FOREIGN KEY(charge_id) REFERENCES billing_charge (id), 
	CONSTRAINT uq_billing_entry_allocation_id UNIQUE (allocation_id), 
	CONSTRAINT fk_billing_entry_allocation_id_billing_allocation FOREIGN KEY(allocation_id) REFERENCES billing_allocation (id), 
	CONSTRAINT uq_billing_entry_advance_id UNIQUE (advance_id), 
	CONSTRAINT fk_billing_entry_advance_id_billing_advance FOREIGN KEY(advance_id) REFERENCES billing_advance (id), 
	CONSTRAINT uq_billing_entry_reverses_id UNIQUE (reverses_id), 
	CONSTRAINT fk_billing_entry_reverses_id_billing_entry FOREIGN KEY(reverses_id) REFERENCES billing_entry (id)
)
;
CREATE INDEX ix_billing_entry_posted ON billing_entry (posting_date, id)
;
CREATE TABLE billing_posting (
	entry_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	account_id INTEGER NOT NULL, 
	member_id INTEGER, 
	machine_id INTEGER, 
	pool_id INTEGER, 
	topic VARCHAR NOT NULL, 
	cents BIGINT NOT NULL, 
	CONSTRAINT pk_billing_posting PRIMARY KEY (entry_id, number), 
	CONSTRAINT ck_billing_posting_not_zero CHECK (cents <> 0), 
	CONSTRAINT ck_billing_posting_number CHECK (number >= 1), 
	CONSTRAINT fk_billing_posting_entry_id_billing_entry FOREIGN KEY(entry_id) REFERENCES billing_entry (id) DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT fk_billing_posting_account_id_billing_account FOREIGN KEY(account_id) REFERENCES billing_account (id), 
	CONSTRAINT fk_billing_posting_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id), 
	CONSTRAINT fk_billing_posting_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id), 
	CONSTRAINT fk_billing_posting_pool_id_billing_pool FOREIGN KEY(pool_id) REFERENCES billing_pool (id)
)
;
CREATE INDEX ix_billing_posting_member ON billing_posting (member_id, entry_id, number, cents)
;
CREATE INDEX ix_billing_posting_account ON billing_posting (account_id, entry_id, cents)
;
CREATE TABLE billing_balance (
	member_id INTEGER NOT NULL, 
	cents BIGINT NOT NULL, 
	lines INTEGER NOT NULL, invoiced_cents BIGINT DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_billing_balance PRIMARY KEY (member_id), 
	CONSTRAINT fk_billing_balance_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id)
)
;
CREATE INDEX ix_billing_balance_cents ON billing_balance (cents, member_id)
;
CREATE TABLE booking_maintenance (
	id INTEGER NOT NULL, 
	machine_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	interval_amount INTEGER NOT NULL, 
	charge_unit VARCHAR NOT NULL, 
	last_done_on DATE NOT NULL, 
	last_reading INTEGER, 
	counted_from DATETIME NOT NULL, 
	done_count INTEGER NOT NULL, 
	ended_at DATETIME, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_booking_maintenance PRIMARY KEY (id), 
	CONSTRAINT ck_booking_maintenance_interval_positive CHECK (interval_amount > 0), 
	CONSTRAINT ck_booking_maintenance_reading_not_negative CHECK (last_reading IS NULL OR last_reading >= 0), 
	CONSTRAINT ck_booking_maintenance_done_count CHECK (done_count >= 0), 
	CONSTRAINT fk_booking_maintenance_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id)
)
;
CREATE UNIQUE INDEX ix_booking_maintenance_open ON booking_maintenance (machine_id, name) WHERE ended_at IS NULL
;
CREATE TABLE booking_maintenance_done (
	maintenance_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	done_on DATE NOT NULL, 
	reading INTEGER, 
	note VARCHAR NOT NULL, 
	recorded_at DATETIME NOT NULL, 
	recorded_by INTEGER, 
	CONSTRAINT pk_booking_maintenance_done PRIMARY KEY (maintenance_id, number), 
	CONSTRAINT ck_booking_maintenance_done_reading_not_negative CHECK (reading IS NULL OR reading >= 0), 
	CONSTRAINT ck_booking_maintenance_done_number CHECK (number >= 1), 
	CONSTRAINT fk_booking_maintenance_done_maintenance_id_booking_maintenance FOREIGN KEY(maintenance_id) REFERENCES booking_maintenance (id)
)
;
CREATE TABLE booking_maintenance_reminder (
	maintenance_id INTEGER NOT NULL, 
	done_count INTEGER NOT NULL, 
	reminded_at DATETIME NOT NULL, 
	CONSTRAINT pk_booking_maintenance_reminder PRIMARY KEY (maintenance_id, done_count), 
	CONSTRAINT fk_booking_maintenance_reminder_interval FOREIGN KEY(maintenance_id) REFERENCES booking_maintenance (id)
)
;
CREATE TABLE billing_party (
	id INTEGER NOT NULL, 
	member_id INTEGER, 
	vat_id VARCHAR NOT NULL, 
	tax_number VARCHAR NOT NULL, 
	iban VARCHAR NOT NULL, 
	creditor_id VARCHAR NOT NULL, 
	document_email VARCHAR NOT NULL, 
	leitweg_id VARCHAR NOT NULL, 
	contact_name VARCHAR NOT NULL, 
	contact_phone VARCHAR NOT NULL, 
	contact_email VARCHAR NOT NULL, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_billing_party PRIMARY KEY (id), 
	CONSTRAINT ck_billing_party_ring_or_member CHECK (coalesce(member_id, 0) = id), 
	CONSTRAINT uq_billing_party_member_id UNIQUE (member_id), 
	CONSTRAINT fk_billing_party_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id)
)
;
CREATE TABLE billing_vat_regime (
	party_id INTEGER NOT NULL, 
	valid_from DATE NOT NULL, 
	regime VARCHAR NOT NULL, 
	CONSTRAINT pk_billing_vat_regime PRIMARY KEY (party_id, valid_from), 
	CONSTRAINT ck_billing_vat_regime_regime CHECK (regime IN ('regular', 'small', 'flat_rate', 'outside')), 
	CONSTRAINT fk_billing_vat_regime_party_id_billing_party FOREIGN KEY(party_id) REFERENCES billing_party (id)
)
;
CREATE TABLE billing_vat_rate (
	code VARCHAR NOT NULL, 
	valid_from DATE NOT NULL, 
	percent NUMERIC(5, 2) NOT NULL, 
	known_until DATE, 
	CONSTRAINT pk_billing_vat_rate PRIMARY KEY (code, valid_from), 
	CONSTRAINT ck_billing_vat_rate_code CHECK (code IN ('standard', 'reduced', 'flat_rate')), 
	CONSTRAINT ck_billing_vat_rate_percent CHECK (percent >= 0 AND percent < 100), 
	CONSTRAINT ck_billing_vat_rate_days CHECK (known_until IS NULL OR known_until >= valid_from)
)
;
CREATE TABLE booking_group_series (
	series_id INTEGER NOT NULL, 
	group_id INTEGER NOT NULL, 
	CONSTRAINT pk_booking_group_series PRIMARY KEY (series_id), 
	CONSTRAINT fk_booking_group_series_series_id_booking_series FOREIGN KEY(series_id) REFERENCES booking_series (id), 
	CONSTRAINT fk_booking_group_series_group_id_booking_machine_group FOREIGN KEY(group_id) REFERENCES booking_machine_group (id)
)
;
CREATE INDEX ix_booking_group_series_group_id ON booking_group_series (group_id)
;
CREATE TABLE notifications_exchange_link (
	id INTEGER NOT NULL, 
	token_hash VARCHAR NOT NULL, 
	exchange_id INTEGER NOT NULL, 
	user_id INTEGER, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_notifications_exchange_link PRIMARY KEY (id), 
	CONSTRAINT uq_notifications_exchange_link_token_hash UNIQUE (token_hash), 
	CONSTRAINT fk_notifications_exchange_link_exchange FOREIGN KEY(exchange_id) REFERENCES booking_exchange (id) ON DELETE CASCADE, 
	CONSTRAINT fk_notifications_exchange_link_user_id_auth_user FOREIGN KEY(user_id) REFERENCES auth_user (id) ON DELETE CASCADE
)
;
CREATE INDEX ix_notifications_exchange_link_exchange_id ON notifications_exchange_link (exchange_id)
;
CREATE INDEX ix_notifications_exchange_link_created_at ON notifications_exchange_link (created_at)
;
CREATE TABLE billing_machine_cost (
	machine_id INTEGER NOT NULL, 
	charge_unit VARCHAR NOT NULL, 
	new_value_cents BIGINT NOT NULL, 
	residual_cents BIGINT NOT NULL, 
	life_years INTEGER NOT NULL, 
	life_use NUMERIC(12, 4), 
	interest_percent NUMERIC(7, 4) NOT NULL, 
	insurance_percent NUMERIC(7, 4) NOT NULL, 
	housing_cents BIGINT NOT NULL, 
	other_cents BIGINT NOT NULL, 
	repair_price NUMERIC(12, 4) NOT NULL, 
	supplies NUMERIC(12, 4) NOT NULL, 
	supplies_price NUMERIC(12, 4) NOT NULL, 
	planned_use NUMERIC(12, 4) NOT NULL, 
	contractor_price NUMERIC(12, 4), 
	revision INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_billing_machine_cost PRIMARY KEY (machine_id), 
	CONSTRAINT ck_billing_machine_cost_values CHECK (new_value_cents > 0 AND residual_cents BETWEEN 0 AND new_value_cents), 
	CONSTRAINT ck_billing_machine_cost_life CHECK (life_years BETWEEN 1 AND 60 AND (life_use IS NULL OR life_use > 0)), 
	CONSTRAINT ck_billing_machine_cost_percentages CHECK (interest_percent BETWEEN 0 AND 100 AND insurance_percent BETWEEN 0 AND 100), 
	CONSTRAINT ck_billing_machine_cost_not_negative CHECK (housing_cents >= 0 AND other_cents >= 0 AND repair_price >= 0 AND supplies >= 0 AND supplies_price >= 0), 
	CONSTRAINT ck_billing_machine_cost_use CHECK (planned_use >= 0 AND (contractor_price IS NULL OR contractor_price >= 0)), 
	CONSTRAINT fk_billing_machine_cost_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id)
)
;
CREATE TABLE booking_zone_clock (
	zone_change_id INTEGER NOT NULL, 
	until DATETIME NOT NULL, 
	zone VARCHAR NOT NULL, 
	rules BLOB NOT NULL, 
	CONSTRAINT pk_booking_zone_clock PRIMARY KEY (zone_change_id, until), 
	CONSTRAINT fk_booking_zone_clock_zone_change_id_booking_zone_change FOREIGN KEY(zone_change_id) REFERENCES booking_zone_change (id) ON DELETE CASCADE
)
;
CREATE TABLE billing_period (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	first_day DATE NOT NULL, 
	last_day DATE NOT NULL, 
	state VARCHAR NOT NULL, 
	entries INTEGER, 
	lines INTEGER, 
	debit_cents BIGINT, 
	sha256 VARCHAR, 
	closed_at DATETIME, 
	closed_by INTEGER, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_billing_period PRIMARY KEY (id), 
	CONSTRAINT ck_billing_period_days CHECK (first_day <= last_day), 
	CONSTRAINT ck_billing_period_state CHECK (state IN ('open', 'soft_closed', 'closed')), 
	CONSTRAINT ck_billing_period_sealed CHECK ((state = 'closed') = (sha256 IS NOT NULL AND entries IS NOT NULL AND closed_at IS NOT NULL)), 
	CONSTRAINT uq_billing_period_name UNIQUE (name)
)
;
CREATE TABLE billing_tariff_line (
	tariff_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	charge_unit VARCHAR NOT NULL, 
	step_amount BIGINT NOT NULL, 
	minimum_amount BIGINT NOT NULL, 
	free_amount BIGINT NOT NULL, 
	free_times INTEGER NOT NULL, 
	month_free_amount BIGINT NOT NULL, 
	is_volume BOOLEAN NOT NULL, 
	is_required BOOLEAN NOT NULL, 
	CONSTRAINT pk_billing_tariff_line PRIMARY KEY (tariff_id, position), 
	CONSTRAINT ck_billing_tariff_line_position CHECK (position >= 0), 
	CONSTRAINT ck_billing_tariff_line_not_negative CHECK (minimum_amount >= 0 AND step_amount > 0 AND free_amount >= 0 AND free_times > 0 AND month_free_amount >= 0), 
	CONSTRAINT fk_billing_tariff_line_tariff_id_billing_tariff FOREIGN KEY(tariff_id) REFERENCES billing_tariff (id)
)
;
CREATE UNIQUE INDEX ix_billing_tariff_line_tariff_id ON billing_tariff_line (tariff_id, name)
;
CREATE TABLE billing_tariff_tier (
	tariff_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	price_class VARCHAR NOT NULL, 
	from_amount BIGINT NOT NULL, 
	price NUMERIC(12, 4) NOT NULL, 
	CONSTRAINT pk_billing_tariff_tier PRIMARY KEY (tariff_id, position, price_class, from_amount), 
	CONSTRAINT fk_billing_tariff_tier_tariff_id_billing_tariff_line FOREIGN KEY(tariff_id, position) REFERENCES billing_tariff_line (tariff_id, position), 
	CONSTRAINT ck_billing_tariff_tier_not_negative CHECK (price >= 0 AND from_amount >= 0), 
	CONSTRAINT ck_billing_tariff_tier_first_price CHECK (position > 0 OR from_amount > 0), 
	CONSTRAINT fk_billing_tariff_tier_price_class_booking_price_class FOREIGN KEY(price_class) REFERENCES booking_price_class (code)
)
;
CREATE TABLE billing_tariff_adjustment (
	tariff_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	value NUMERIC(12, 4) NOT NULL, 
	applies VARCHAR NOT NULL, 
	weekdays INTEGER, 
	from_minute INTEGER, 
	until_minute INTEGER, 
	from_day INTEGER, 
	until_day INTEGER, 
	CONSTRAINT pk_billing_tariff_adjustment PRIMARY KEY (tariff_id, number), 
	CONSTRAINT ck_billing_tariff_adjustment_kind CHECK (kind IN ('percent', 'fixed', 'per_unit')), 
	CONSTRAINT ck_billing_tariff_adjustment_applies CHECK (applies IN ('always', 'chosen', 'times')), 
	CONSTRAINT ck_billing_tariff_adjustment_times CHECK ((applies = 'times') = (weekdays IS NOT NULL AND from_minute IS NOT NULL AND until_minute IS NOT NULL AND from_day IS NOT NULL AND until_day IS NOT NULL)), 
	CONSTRAINT ck_billing_tariff_adjustment_times_of_percent CHECK (applies <> 'times' OR kind = 'percent'), 
	CONSTRAINT fk_billing_tariff_adjustment_tariff_id_billing_tariff FOREIGN KEY(tariff_id) REFERENCES billing_tariff (id)
)
;
CREATE UNIQUE INDEX ix_billing_tariff_adjustment_tariff_id ON billing_tariff_adjustment (tariff_id, name)
;
CREATE TABLE billing_number (
	series VARCHAR NOT NULL, 
	year INTEGER NOT NULL, 
	last INTEGER NOT NULL, 
	CONSTRAINT pk_billing_number PRIMARY KEY (series, year), 
	CONSTRAINT ck_billing_number_last CHECK (last >= 0)
)
;
CREATE TABLE billing_document_terms (
	id INTEGER NOT NULL, 
	pay_days INTEGER NOT NULL, 
	intro VARCHAR NOT NULL, 
	mail_text VARCHAR NOT NULL, 
	use_code VARCHAR, 
	share_code VARCHAR, 
	advance_code VARCHAR, 
	other_code VARCHAR, 
	revision INTEGER NOT NULL, sending_unknown_until INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_billing_document_terms PRIMARY KEY (id), 
	CONSTRAINT ck_billing_document_terms_one_row CHECK (id = 1), 
	CONSTRAINT ck_billing_document_terms_pay_days CHECK (pay_days BETWEEN 0 AND 365)
)
;
CREATE TABLE billing_vat_text (
	reason VARCHAR NOT NULL, 
	valid_from DATE NOT NULL, 
	text VARCHAR NOT NULL, 
	CONSTRAINT pk_billing_vat_text PRIMARY KEY (reason, valid_from), 
	CONSTRAINT ck_billing_vat_text_reason CHECK (reason IN ('small', 'flat_rate', 'exempt', 'outside'))
)
;
CREATE TABLE billing_document (
	id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	series VARCHAR NOT NULL, 
	year INTEGER NOT NULL, 
	sequence INTEGER NOT NULL, 
	number VARCHAR NOT NULL, 
	member_id INTEGER NOT NULL, 
	issued_on DATE NOT NULL, 
	due_on DATE NOT NULL, 
	service_from DATE NOT NULL, 
	service_until DATE NOT NULL, 
	net_cents BIGINT NOT NULL, 
	vat_cents BIGINT NOT NULL, 
	gross_cents BIGINT NOT NULL, 
	lines INTEGER NOT NULL, 
	vat_groups INTEGER NOT NULL, 
	seller JSON NOT NULL, 
	buyer JSON NOT NULL, 
	texts JSON NOT NULL, 
	cancels_id INTEGER, 
	sha256 VARCHAR NOT NULL, 
	issued_at DATETIME NOT NULL, 
	issued_by INTEGER, 
	CONSTRAINT pk_billing_document PRIMARY KEY (id), 
	CONSTRAINT ck_billing_document_kind CHECK (kind IN ('invoice', 'cancellation', 'statement')), 
	CONSTRAINT ck_billing_document_cancels CHECK ((kind = 'cancellation') = (cancels_id IS NOT NULL)), 
	CONSTRAINT ck_billing_document_sums CHECK (net_cents + vat_cents = gross_cents), 
	CONSTRAINT ck_billing_document_lines CHECK (kind = 'statement' OR (lines >= 1 AND vat_groups >= 1)), 
	CONSTRAINT ck_billing_document_service CHECK (service_from <= service_until), 
	CONSTRAINT ck_billing_document_id CHECK (id >= 1 AND sequence >= 1), 
	CONSTRAINT uq_billing_document_number UNIQUE (number), 
	CONSTRAINT fk_billing_document_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id), 
	CONSTRAINT uq_billing_document_cancels_id UNIQUE (cancels_id), 
	CONSTRAINT fk_billing_document_cancels_id_billing_document FOREIGN KEY(cancels_id) REFERENCES billing_document (id)
)
;
CREATE INDEX ix_billing_document_member ON billing_document (member_id, id)
;
CREATE UNIQUE INDEX ix_billing_document_series ON billing_document (series, year, sequence)
;
CREATE TABLE billing_document_line (
	document_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	entry_id INTEGER NOT NULL, 
	posting_number INTEGER NOT NULL, 
	turn INTEGER NOT NULL, 
	text VARCHAR NOT NULL, 
	detail VARCHAR NOT NULL, 
	quantity VARCHAR NOT NULL, 
	unit VARCHAR NOT NULL, 
	service_from DATE NOT NULL, 
	service_until DATE NOT NULL, 
	category VARCHAR NOT NULL, 
	percent NUMERIC(5, 2) NOT NULL, 
	reason VARCHAR NOT NULL, 
	net_cents BIGINT NOT NULL, 
	gross_cents BIGINT NOT NULL, 
	working JSON NOT NULL, 
	CONSTRAINT pk_billing_document_line PRIMARY KEY (document_id, number), 
	CONSTRAINT posting FOREIGN KEY(entry_id, posting_number) REFERENCES billing_posting (entry_id, number), 
	CONSTRAINT ck_billing_document_line_turn CHECK (turn >= 1), 
	CONSTRAINT ck_billing_document_line_category CHECK (category IN ('S', 'E', 'O')), 
	CONSTRAINT fk_billing_document_line_document_id_billing_document FOREIGN KEY(document_id) REFERENCES billing_document (id) DEFERRABLE INITIALLY DEFERRED
)
;
CREATE UNIQUE INDEX ix_billing_document_line_entry_id ON billing_document_line (entry_id, posting_number, turn)
;
CREATE TABLE billing_document_vat (
	document_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	category VARCHAR NOT NULL, 
	percent NUMERIC(5, 2) NOT NULL, 
	reason VARCHAR NOT NULL, 
	net_cents BIGINT NOT NULL, 
	vat_cents BIGINT NOT NULL, 
	CONSTRAINT pk_billing_document_vat PRIMARY KEY (document_id, number), 
	CONSTRAINT fk_billing_document_vat_document_id_billing_document FOREIGN KEY(document_id) REFERENCES billing_document (id) DEFERRABLE INITIALLY DEFERRED
)
;
CREATE TABLE billing_document_file (
	document_id INTEGER NOT NULL, 
	pdf BLOB NOT NULL, 
	xml BLOB NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	made_at DATETIME NOT NULL, 
	CONSTRAINT pk_billing_document_file PRIMARY KEY (document_id), 
	CONSTRAINT fk_billing_document_file_document_id_billing_document FOREIGN KEY(document_id) REFERENCES billing_document (id)
)
;
CREATE TABLE booking_usage_amount (
	usage_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	charge_unit VARCHAR NOT NULL, 
	amount BIGINT NOT NULL, 
	CONSTRAINT pk_booking_usage_amount PRIMARY KEY (usage_id, name), 
	CONSTRAINT ck_booking_usage_amount_not_negative CHECK (amount >= 0), 
	CONSTRAINT ck_booking_usage_amount_name CHECK (length(name) BETWEEN 1 AND 60), 
	CONSTRAINT fk_booking_usage_amount_usage_id_booking_usage FOREIGN KEY(usage_id) REFERENCES booking_usage (id)
)
;
CREATE TABLE booking_usage_choice (
	usage_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	CONSTRAINT pk_booking_usage_choice PRIMARY KEY (usage_id, name), 
	CONSTRAINT ck_booking_usage_choice_name CHECK (length(name) BETWEEN 1 AND 60), 
	CONSTRAINT fk_booking_usage_choice_usage_id_booking_usage FOREIGN KEY(usage_id) REFERENCES booking_usage (id)
)
;
CREATE TABLE notifications_course_link (
	id INTEGER NOT NULL, 
	token_hash VARCHAR NOT NULL, 
	course_id INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	user_id INTEGER, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_notifications_course_link PRIMARY KEY (id), 
	CONSTRAINT uq_notifications_course_link_token_hash UNIQUE (token_hash), 
	CONSTRAINT fk_notifications_course_link_course FOREIGN KEY(course_id) REFERENCES booking_course (id) ON DELETE CASCADE, 
	CONSTRAINT fk_notifications_course_link_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id) ON DELETE CASCADE, 
	CONSTRAINT fk_notifications_course_link_user_id_auth_user FOREIGN KEY(user_id) REFERENCES auth_user (id) ON DELETE CASCADE
)
;
CREATE INDEX ix_notifications_course_link_created_at ON notifications_course_link (created_at)
;
CREATE INDEX ix_notifications_course_link_course_id ON notifications_course_link (course_id)
;
CREATE TABLE billing_account_day (
	account_id INTEGER NOT NULL, 
	posting_date DATE NOT NULL, 
	debit_cents BIGINT NOT NULL, 
	credit_cents BIGINT NOT NULL, 
	CONSTRAINT pk_billing_account_day PRIMARY KEY (account_id, posting_date), 
	CONSTRAINT fk_billing_account_day_account_id_billing_account FOREIGN KEY(account_id) REFERENCES billing_account (id)
)
;
CREATE INDEX ix_booking_usage_use ON booking_usage (machine_id, charge_unit, service_date, used_amount)
;
CREATE TABLE billing_fee (
	id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	member_id INTEGER NOT NULL, 
	machine_id INTEGER, 
	reservation_id INTEGER, 
	number INTEGER, 
	service_from DATE NOT NULL, 
	service_until DATE NOT NULL, 
	text VARCHAR NOT NULL, 
	cents BIGINT NOT NULL, 
	calculation JSON NOT NULL, 
	tax_code VARCHAR, 
	reverses_id INTEGER, 
	made_at DATETIME NOT NULL, 
	made_by INTEGER, 
	form_key VARCHAR, 
	CONSTRAINT pk_billing_fee PRIMARY KEY (id), 
	CONSTRAINT ck_billing_fee_kind CHECK (kind IN ('no_show', 'late_cancel', 'dues', 'material', 'other', 'deposit')), 
	CONSTRAINT ck_billing_fee_cents CHECK (cents <> 0 AND (cents < 0) = (reverses_id IS NOT NULL)), 
	CONSTRAINT ck_billing_fee_service CHECK (service_from <= service_until), 
	CONSTRAINT ck_billing_fee_reservation CHECK ((kind IN ('no_show', 'late_cancel', 'deposit')) = (reservation_id IS NOT NULL)), 
	CONSTRAINT ck_billing_fee_numbered CHECK ((number IS NULL) = (reservation_id IS NULL)), 
	CONSTRAINT ck_billing_fee_even_reverses CHECK (number IS NULL OR (number % 2 = 0) = (reverses_id IS NOT NULL)), 
	CONSTRAINT ck_billing_fee_tax_code CHECK (length(tax_code) BETWEEN 1 AND 12), 
	CONSTRAINT fk_billing_fee_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id), 
	CONSTRAINT fk_billing_fee_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id), 
	CONSTRAINT fk_billing_fee_reservation_id_booking_reservation FOREIGN KEY(reservation_id) REFERENCES booking_reservation (id), 
	CONSTRAINT uq_billing_fee_reverses_id UNIQUE (reverses_id), 
	CONSTRAINT fk_billing_fee_reverses_id_billing_fee FOREIGN KEY(reverses_id) REFERENCES billing_fee (id), 
	CONSTRAINT uq_billing_fee_form_key UNIQUE (form_key)
)
;
CREATE INDEX ix_billing_fee_served ON billing_fee (service_from, id)
;
CREATE INDEX ix_billing_fee_member ON billing_fee (member_id, id)
;
CREATE UNIQUE INDEX ix_billing_fee_reservation ON billing_fee (reservation_id, number)
;
CREATE UNIQUE INDEX ix_billing_entry_fee_id ON billing_entry (fee_id)
;
CREATE UNIQUE INDEX ix_billing_pool_counting ON billing_pool (machine_id) WHERE charges_are = 'advance' AND counts_machine
;
CREATE TABLE billing_pool_scope (
	id INTEGER NOT NULL, 
	pool_id INTEGER NOT NULL, 
	valid_from DATE NOT NULL, 
	what VARCHAR NOT NULL, 
	group_id INTEGER, 
	workshop_id INTEGER, 
	CONSTRAINT pk_billing_pool_scope PRIMARY KEY (id), 
	CONSTRAINT ck_billing_pool_scope_what CHECK (what IN ('machines', 'group', 'workshop', 'ring')), 
	CONSTRAINT ck_billing_pool_scope_group CHECK ((what = 'group') = (group_id IS NOT NULL)), 
	CONSTRAINT ck_billing_pool_scope_workshop CHECK ((what = 'workshop') = (workshop_id IS NOT NULL)), 
	CONSTRAINT fk_billing_pool_scope_pool_id_billing_pool FOREIGN KEY(pool_id) REFERENCES billing_pool (id), 
	CONSTRAINT fk_billing_pool_scope_group_id_booking_machine_group FOREIGN KEY(group_id) REFERENCES booking_machine_group (id), 
	CONSTRAINT fk_billing_pool_scope_workshop_id_booking_workshop FOREIGN KEY(workshop_id) REFERENCES booking_workshop (id)
)
;
CREATE INDEX ix_billing_pool_scope_workshop_id ON billing_pool_scope (workshop_id)
;
CREATE UNIQUE INDEX ix_billing_pool_scope_pool_id ON billing_pool_scope (pool_id, valid_from)
;
CREATE INDEX ix_billing_pool_scope_group_id ON billing_pool_scope (group_id)
;
CREATE TABLE billing_pool_scope_machine (
	scope_id INTEGER NOT NULL, 
	machine_id INTEGER NOT NULL, 
	CONSTRAINT pk_billing_pool_scope_machine PRIMARY KEY (scope_id, machine_id), 
	CONSTRAINT fk_billing_pool_scope_machine_scope_id_billing_pool_scope FOREIGN KEY(scope_id) REFERENCES billing_pool_scope (id), 
	CONSTRAINT fk_billing_pool_scope_machine_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id)
)
;
CREATE INDEX ix_billing_pool_scope_machine_machine_id ON billing_pool_scope_machine (machine_id)
;
CREATE TABLE billing_datev_terms (
	id INTEGER NOT NULL, 
	adviser INTEGER, 
	client INTEGER, 
	has_member_accounts BOOLEAN DEFAULT 1 NOT NULL, 
	is_locked BOOLEAN DEFAULT 0 NOT NULL, 
	revision INTEGER NOT NULL, standard_key VARCHAR DEFAULT '3' NOT NULL, reduced_key VARCHAR DEFAULT '2' NOT NULL, has_advance_keys BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_billing_datev_terms PRIMARY KEY (id), 
	CONSTRAINT ck_billing_datev_terms_one_row CHECK (id = 1), 
	CONSTRAINT ck_billing_datev_terms_adviser CHECK (adviser BETWEEN 1001 AND 9999999), 
	CONSTRAINT ck_billing_datev_terms_client CHECK (client BETWEEN 1 AND 99999)
)
;
CREATE TABLE billing_export (
	id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	first_day DATE NOT NULL, 
	last_day DATE NOT NULL, 
	entries INTEGER NOT NULL, 
	lines INTEGER NOT NULL, 
	cents BIGINT NOT NULL, 
	is_again BOOLEAN NOT NULL, 
	file_name VARCHAR NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	made_at DATETIME NOT NULL, 
	made_by INTEGER, 
	CONSTRAINT pk_billing_export PRIMARY KEY (id), 
	CONSTRAINT ck_billing_export_kind CHECK (kind IN ('datev', 'journal')), 
	CONSTRAINT ck_billing_export_days CHECK (first_day <= last_day), 
	CONSTRAINT ck_billing_export_id CHECK (id >= 1 AND entries >= 1)
)
;
CREATE TABLE billing_export_entry (
	export_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	entry_id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	turn INTEGER NOT NULL, 
	CONSTRAINT pk_billing_export_entry PRIMARY KEY (export_id, number), 
	CONSTRAINT ck_billing_export_entry_turn CHECK (turn >= 1 AND number >= 1), 
	CONSTRAINT fk_billing_export_entry_export_id_billing_export FOREIGN KEY(export_id) REFERENCES billing_export (id) DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT fk_billing_export_entry_entry_id_billing_entry FOREIGN KEY(entry_id) REFERENCES billing_entry (id)
)
;
CREATE UNIQUE INDEX ix_billing_export_entry_entry_id ON billing_export_entry (entry_id, kind, turn)
;
CREATE UNIQUE INDEX ix_billing_export_entry_once ON billing_export_entry (export_id, entry_id)
;
CREATE TABLE billing_export_file (
	export_id INTEGER NOT NULL, 
	content BLOB NOT NULL, 
	CONSTRAINT pk_billing_export_file PRIMARY KEY (export_id), 
	CONSTRAINT fk_billing_export_file_export_id_billing_export FOREIGN KEY(export_id) REFERENCES billing_export (id)
)
;
CREATE TABLE billing_document_sending (
	id INTEGER NOT NULL, 
	document_id INTEGER NOT NULL, 
	turn INTEGER NOT NULL, 
	way VARCHAR NOT NULL, 
	to_address VARCHAR NOT NULL, 
	queued_at DATETIME NOT NULL, 
	queued_by INTEGER, 
	CONSTRAINT pk_billing_document_sending PRIMARY KEY (id), 
	CONSTRAINT ck_billing_document_sending_way CHECK (way IN ('mail', 'print')), 
	CONSTRAINT ck_billing_document_sending_turn CHECK (turn >= 1), 
	CONSTRAINT fk_billing_document_sending_document_id_billing_document FOREIGN KEY(document_id) REFERENCES billing_document (id)
)
;
CREATE UNIQUE INDEX ix_billing_document_sending_document_id ON billing_document_sending (document_id, turn)
;
CREATE TABLE billing_statement_sending (
	member_id INTEGER NOT NULL, 
	first_day DATE NOT NULL, 
	last_day DATE NOT NULL, 
	count INTEGER NOT NULL, 
	sent_at DATETIME NOT NULL, 
	CONSTRAINT pk_billing_statement_sending PRIMARY KEY (member_id, first_day, last_day), 
	CONSTRAINT fk_billing_statement_sending_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id)
)
;
CREATE UNIQUE INDEX ix_mail_outbox_document_sending_id ON mail_outbox (document_sending_id)
;
CREATE TABLE billing_uninvoiced (
	entry_id INTEGER NOT NULL, 
	posting_number INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	CONSTRAINT pk_billing_uninvoiced PRIMARY KEY (entry_id, posting_number), 
	CONSTRAINT fk_billing_uninvoiced_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id)
)
;
CREATE INDEX ix_billing_uninvoiced_member_id ON billing_uninvoiced (member_id)
;
CREATE TABLE billing_pool_key (
	id INTEGER NOT NULL, 
	pool_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_billing_pool_key PRIMARY KEY (id), 
	CONSTRAINT fk_billing_pool_key_pool_id_billing_pool FOREIGN KEY(pool_id) REFERENCES billing_pool (id)
)
;
CREATE UNIQUE INDEX ix_billing_pool_key_pool_id ON billing_pool_key (pool_id, name)
;
CREATE TABLE billing_pool_key_terms (
	id INTEGER NOT NULL, 
	key_id INTEGER NOT NULL, 
	valid_from DATE NOT NULL, 
	parts JSON NOT NULL, 
	minimum BIGINT NOT NULL, 
	cap INTEGER, 
	meter_unit VARCHAR NOT NULL, 
	CONSTRAINT pk_billing_pool_key_terms PRIMARY KEY (id), 
	CONSTRAINT ck_billing_pool_key_terms_minimum CHECK (minimum >= 0), 
	CONSTRAINT ck_billing_pool_key_terms_cap CHECK (cap IS NULL OR cap BETWEEN 1 AND 1000000), 
	CONSTRAINT fk_billing_pool_key_terms_key_id_billing_pool_key FOREIGN KEY(key_id) REFERENCES billing_pool_key (id)
)
;
CREATE UNIQUE INDEX ix_billing_pool_key_terms_key_id ON billing_pool_key_terms (key_id, valid_from)
;
CREATE TABLE billing_pool_key_percent (
	terms_id INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	percent INTEGER NOT NULL, 
	CONSTRAINT pk_billing_pool_key_percent PRIMARY KEY (terms_id, member_id), 
	CONSTRAINT ck_billing_pool_key_percent_percent CHECK (percent BETWEEN 1 AND 1000000), 
	CONSTRAINT fk_billing_pool_key_percent_terms_id_billing_pool_key_terms FOREIGN KEY(terms_id) REFERENCES billing_pool_key_terms (id), 
	CONSTRAINT fk_billing_pool_key_percent_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id)
)
;
CREATE INDEX ix_billing_pool_key_percent_member_id ON billing_pool_key_percent (member_id)
;
CREATE TABLE billing_meter (
	id INTEGER NOT NULL, 
	pool_id INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	CONSTRAINT pk_billing_meter PRIMARY KEY (id), 
	CONSTRAINT fk_billing_meter_pool_id_billing_pool FOREIGN KEY(pool_id) REFERENCES billing_pool (id), 
	CONSTRAINT fk_billing_meter_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id)
)
;
CREATE INDEX ix_billing_meter_member_id ON billing_meter (member_id)
;
CREATE UNIQUE INDEX ix_billing_meter_pool_id ON billing_meter (pool_id, name)
;
CREATE TABLE billing_meter_reading (
	id INTEGER NOT NULL, 
	meter_id INTEGER NOT NULL, 
	read_on DATE NOT NULL, 
	reading BIGINT NOT NULL, 
	restart BIGINT, 
	entered_at DATETIME NOT NULL, 
	entered_by INTEGER, 
	CONSTRAINT pk_billing_meter_reading PRIMARY KEY (id), 
	CONSTRAINT ck_billing_meter_reading_not_negative CHECK (reading >= 0 AND (restart IS NULL OR restart >= 0)), 
	CONSTRAINT fk_billing_meter_reading_meter_id_billing_meter FOREIGN KEY(meter_id) REFERENCES billing_meter (id)
)
;
CREATE UNIQUE INDEX ix_billing_meter_reading_meter_id ON billing_meter_reading (meter_id, read_on)
;
CREATE TABLE billing_allocation_amount (
	allocation_id INTEGER NOT NULL, 
	group_number INTEGER NOT NULL, 
	part INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	amount BIGINT NOT NULL, 
	CONSTRAINT pk_billing_allocation_amount PRIMARY KEY (allocation_id, group_number, part, member_id), 
	CONSTRAINT fk_billing_allocation_amount_allocation_id_billing_cost_group FOREIGN KEY(allocation_id, group_number) REFERENCES billing_cost_group (allocation_id, number), 
	CONSTRAINT ck_billing_allocation_amount_not_negative CHECK (amount >= 0), 
	CONSTRAINT fk_billing_allocation_amount_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id)
)
;
CREATE INDEX ix_billing_allocation_amount_member_id ON billing_allocation_amount (member_id)
;
CREATE TABLE billing_fee_terms (
	machine_id INTEGER NOT NULL, 
	valid_from DATE NOT NULL, 
	no_show_percent INTEGER NOT NULL, 
	notices JSON NOT NULL, 
	cap_cents BIGINT, 
	free_times INTEGER NOT NULL, 
	base_cents BIGINT NOT NULL, 
	CONSTRAINT pk_billing_fee_terms PRIMARY KEY (machine_id, valid_from), 
	CONSTRAINT ck_billing_fee_terms_percent CHECK (no_show_percent BETWEEN 0 AND 100), 
	CONSTRAINT ck_billing_fee_terms_cap CHECK (cap_cents > 0), 
	CONSTRAINT ck_billing_fee_terms_not_negative CHECK (free_times >= 0 AND base_cents >= 0), 
	CONSTRAINT fk_billing_fee_terms_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id)
)
;
CREATE TABLE billing_missed (
	reservation_id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	member_id INTEGER NOT NULL, 
	machine_id INTEGER NOT NULL, 
	starts_at DATETIME NOT NULL, 
	ends_at DATETIME NOT NULL, 
	missed_at DATETIME NOT NULL, 
	places INTEGER NOT NULL, 
	percent INTEGER NOT NULL, 
	base_cents BIGINT NOT NULL, 
	cap_cents BIGINT, 
	free_times INTEGER NOT NULL, 
	settled_at DATETIME, moved_at DATETIME, 
	CONSTRAINT pk_billing_missed PRIMARY KEY (reservation_id), 
	CONSTRAINT ck_billing_missed_kind CHECK (kind IN ('no_show', 'late_cancel')), 
	CONSTRAINT ck_billing_missed_span_positive CHECK (starts_at < ends_at), 
	CONSTRAINT ck_billing_missed_percent CHECK (percent BETWEEN 1 AND 100 AND places > 0), 
	CONSTRAINT fk_billing_missed_reservation_id_booking_reservation FOREIGN KEY(reservation_id) REFERENCES booking_reservation (id), 
	CONSTRAINT fk_billing_missed_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id), 
	CONSTRAINT fk_billing_missed_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id)
)
;
CREATE INDEX ix_billing_missed_member ON billing_missed (member_id, missed_at)
;
CREATE INDEX ix_billing_missed_due ON billing_missed (ends_at) WHERE settled_at IS NULL
;
CREATE TABLE billing_recurring_cost (
	id INTEGER NOT NULL, 
	pool_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	supplier VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	net_cents BIGINT NOT NULL, 
	every_months INTEGER NOT NULL, 
	first_on DATE NOT NULL, 
	last_on DATE, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_billing_recurring_cost PRIMARY KEY (id), 
	CONSTRAINT ck_billing_recurring_cost_every_months CHECK (every_months IN (1, 3, 12)), 
	CONSTRAINT ck_billing_recurring_cost_positive CHECK (net_cents > 0), 
	CONSTRAINT ck_billing_recurring_cost_last_on CHECK (last_on IS NULL OR last_on >= first_on), 
	CONSTRAINT fk_billing_recurring_cost_pool_id_billing_pool FOREIGN KEY(pool_id) REFERENCES billing_pool (id)
)
;
CREATE UNIQUE INDEX ix_billing_recurring_cost_pool_id ON billing_recurring_cost (pool_id, name)
;
CREATE TABLE billing_recurring_period (
	recurring_id INTEGER NOT NULL, 
	begins_on DATE NOT NULL, 
	cost_id INTEGER, 
	answered_at DATETIME NOT NULL, 
	answered_by INTEGER, 
	CONSTRAINT pk_billing_recurring_period PRIMARY KEY (recurring_id, begins_on), 
	CONSTRAINT fk_billing_recurring_period_recurring_id_billing_recurring_cost FOREIGN KEY(recurring_id) REFERENCES billing_recurring_cost (id), 
	CONSTRAINT fk_billing_recurring_period_cost_id_billing_cost FOREIGN KEY(cost_id) REFERENCES billing_cost (id)
)
;
CREATE UNIQUE INDEX ix_billing_recurring_period_cost_id ON billing_recurring_period (cost_id)
;
CREATE TABLE billing_budget (
	pool_id INTEGER NOT NULL, 
	year INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	net_cents BIGINT NOT NULL, 
	CONSTRAINT pk_billing_budget PRIMARY KEY (pool_id, year, kind), 
	CONSTRAINT ck_billing_budget_year CHECK (year BETWEEN 1990 AND 2099), 
	CONSTRAINT ck_billing_budget_not_negative CHECK (net_cents >= 0), 
	CONSTRAINT fk_billing_budget_pool_id_billing_pool FOREIGN KEY(pool_id) REFERENCES billing_pool (id)
)
;
CREATE INDEX ix_billing_posting_topic ON billing_posting (member_id, topic, cents) WHERE member_id IS NOT NULL
;
CREATE TABLE billing_statement (
	document_id INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	first_day DATE NOT NULL, 
	last_day DATE NOT NULL, 
	turn INTEGER NOT NULL, 
	opening_cents BIGINT NOT NULL, 
	closing_cents BIGINT NOT NULL, 
	lines INTEGER NOT NULL, 
	made_of JSON NOT NULL, 
	rows JSON NOT NULL, 
	CONSTRAINT pk_billing_statement PRIMARY KEY (document_id), 
	CONSTRAINT ck_billing_statement_days CHECK (first_day <= last_day), 
	CONSTRAINT ck_billing_statement_turn CHECK (turn >= 1 AND lines >= 0), 
	CONSTRAINT fk_billing_statement_document_id_billing_document FOREIGN KEY(document_id) REFERENCES billing_document (id) DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT fk_billing_statement_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id)
)
;
CREATE UNIQUE INDEX ix_billing_statement_days ON billing_statement (member_id, first_day, last_day, turn)
;
CREATE TABLE billing_document_run (
	id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	seen VARCHAR NOT NULL, 
	first_day DATE, 
	last_day DATE NOT NULL, 
	confirmed_at DATETIME NOT NULL, 
	confirmed_by INTEGER, 
	CONSTRAINT pk_billing_document_run PRIMARY KEY (id), 
	CONSTRAINT ck_billing_document_run_kind CHECK (kind IN ('invoice', 'statement')), 
	CONSTRAINT uq_billing_document_run_seen UNIQUE (seen)
)
;
CREATE TABLE billing_document_run_member (
	run_id INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	seen VARCHAR NOT NULL, 
	documents INTEGER, 
	CONSTRAINT pk_billing_document_run_member PRIMARY KEY (run_id, member_id), 
	CONSTRAINT fk_billing_document_run_member_run_id_billing_document_run FOREIGN KEY(run_id) REFERENCES billing_document_run (id), 
	CONSTRAINT fk_billing_document_run_member_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id)
)
;
CREATE TABLE billing_document_failed (
	document_id INTEGER NOT NULL, 
	reason VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	failed_at DATETIME NOT NULL, 
	next_attempt_at DATETIME NOT NULL, 
	CONSTRAINT pk_billing_document_failed PRIMARY KEY (document_id), 
	CONSTRAINT ck_billing_document_failed_attempts CHECK (attempts >= 1), 
	CONSTRAINT fk_billing_document_failed_document_id_billing_document FOREIGN KEY(document_id) REFERENCES billing_document (id)
)
;
CREATE TABLE billing_material (
	id INTEGER NOT NULL, 
	workshop_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	unit VARCHAR NOT NULL, 
	unit_price NUMERIC(12, 4) NOT NULL, 
	tax_code VARCHAR, 
	may_go_below BOOLEAN DEFAULT 0 NOT NULL, 
	is_sold BOOLEAN DEFAULT 1 NOT NULL, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_billing_material PRIMARY KEY (id), 
	CONSTRAINT ck_billing_material_price CHECK (unit_price > 0), 
	CONSTRAINT ck_billing_material_tax_code CHECK (length(tax_code) BETWEEN 1 AND 12), 
	CONSTRAINT fk_billing_material_workshop_id_booking_workshop FOREIGN KEY(workshop_id) REFERENCES booking_workshop (id)
)
;
CREATE UNIQUE INDEX ix_billing_material_workshop_id ON billing_material (workshop_id, name)
;
CREATE TABLE billing_stock_move (
	id INTEGER NOT NULL, 
	material_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	quantity BIGINT NOT NULL, 
	stock BIGINT NOT NULL, 
	fee_id INTEGER, 
	usage_id INTEGER, 
	note VARCHAR NOT NULL, 
	form_key VARCHAR, 
	made_at DATETIME NOT NULL, 
	made_by INTEGER, 
	CONSTRAINT pk_billing_stock_move PRIMARY KEY (id), 
	CONSTRAINT ck_billing_stock_move_kind CHECK (kind IN ('receipt', 'sale', 'return', 'count')), 
	CONSTRAINT ck_billing_stock_move_fee CHECK ((kind IN ('sale', 'return')) = (fee_id IS NOT NULL)), 
	CONSTRAINT ck_billing_stock_move_quantity CHECK (quantity <> 0 AND (kind = 'count' OR (quantity < 0) = (kind = 'sale'))), 
	CONSTRAINT fk_billing_stock_move_material_id_billing_material FOREIGN KEY(material_id) REFERENCES billing_material (id), 
	CONSTRAINT fk_billing_stock_move_fee_id_billing_fee FOREIGN KEY(fee_id) REFERENCES billing_fee (id), 
	CONSTRAINT fk_billing_stock_move_usage_id_booking_usage FOREIGN KEY(usage_id) REFERENCES booking_usage (id), 
	CONSTRAINT uq_billing_stock_move_form_key UNIQUE (form_key)
)
;
CREATE UNIQUE INDEX ix_billing_stock_move_material_id ON billing_stock_move (material_id, number)
;
CREATE UNIQUE INDEX ix_billing_stock_move_fee_id ON billing_stock_move (fee_id)
;
CREATE INDEX ix_billing_stock_move_usage_id ON billing_stock_move (usage_id)
;
CREATE TABLE booking_late_move (
	reservation_id INTEGER NOT NULL, 
	moved_at DATETIME NOT NULL, 
	machine_id INTEGER NOT NULL, 
	starts_at DATETIME NOT NULL, 
	ends_at DATETIME NOT NULL, 
	places INTEGER NOT NULL, 
	CONSTRAINT pk_booking_late_move PRIMARY KEY (reservation_id, moved_at), 
	CONSTRAINT ck_booking_late_move_held CHECK (starts_at < ends_at AND places > 0), 
	CONSTRAINT fk_booking_late_move_reservation_id_booking_reservation FOREIGN KEY(reservation_id) REFERENCES booking_reservation (id), 
	CONSTRAINT fk_booking_late_move_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id)
)
;
CREATE TABLE billing_deposit_terms (
	machine_id INTEGER NOT NULL, 
	valid_from DATE NOT NULL, 
	cents BIGINT NOT NULL, 
	is_set_off BOOLEAN NOT NULL, 
	CONSTRAINT pk_billing_deposit_terms PRIMARY KEY (machine_id, valid_from), 
	CONSTRAINT ck_billing_deposit_terms_cents CHECK (cents >= 0), 
	CONSTRAINT fk_billing_deposit_terms_machine_id_booking_machine FOREIGN KEY(machine_id) REFERENCES booking_machine (id)
)
;
CREATE TABLE billing_meter_reading_entry (
	meter_id INTEGER NOT NULL, 
	read_on DATE NOT NULL, 
	number INTEGER NOT NULL, 
	reading BIGINT, 
	restart BIGINT, 
	entered_at DATETIME NOT NULL, 
	entered_by INTEGER, 
	CONSTRAINT pk_billing_meter_reading_entry PRIMARY KEY (meter_id, read_on, number), 
	CONSTRAINT ck_billing_meter_reading_entry_number CHECK (number >= 1), 
	CONSTRAINT ck_billing_meter_reading_entry_not_negative CHECK (reading >= 0 AND (restart IS NULL OR restart >= 0)), 
	CONSTRAINT ck_billing_meter_reading_entry_withdrawn CHECK (reading IS NOT NULL OR restart IS NULL), 
	CONSTRAINT fk_billing_meter_reading_entry_meter_id_billing_meter FOREIGN KEY(meter_id) REFERENCES billing_meter (id)
)
;
CREATE TABLE billing_metered_allocation (
	allocation_id INTEGER NOT NULL, 
	CONSTRAINT pk_billing_metered_allocation PRIMARY KEY (allocation_id), 
	CONSTRAINT fk_billing_metered_allocation_allocation_id_billing_allocation FOREIGN KEY(allocation_id) REFERENCES billing_allocation (id)
)
;
CREATE TABLE billing_equity_move (
	id INTEGER NOT NULL, 
	member_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	day DATE NOT NULL, 
	cents BIGINT NOT NULL, 
	held_cents BIGINT NOT NULL, 
	left_cents BIGINT NOT NULL, 
	note VARCHAR NOT NULL, 
	reverses_id INTEGER, 
	form_key VARCHAR, 
	made_at DATETIME NOT NULL, 
	made_by INTEGER, 
	CONSTRAINT pk_billing_equity_move PRIMARY KEY (id), 
	CONSTRAINT ck_billing_equity_move_kind CHECK (kind IN ('paid_in', 'leaving', 'set_off')), 
	CONSTRAINT ck_billing_equity_move_cents CHECK (cents <> 0 AND (cents < 0) = (reverses_id IS NOT NULL)), 
	CONSTRAINT ck_billing_equity_move_not_negative CHECK (held_cents >= 0 AND left_cents >= 0), 
	CONSTRAINT ck_billing_equity_move_number CHECK (number >= 1), 
	CONSTRAINT fk_billing_equity_move_member_id_booking_member FOREIGN KEY(member_id) REFERENCES booking_member (id), 
	CONSTRAINT uq_billing_equity_move_reverses_id UNIQUE (reverses_id), 
	CONSTRAINT fk_billing_equity_move_reverses_id_billing_equity_move FOREIGN KEY(reverses_id) REFERENCES billing_equity_move (id), 
	CONSTRAINT uq_billing_equity_move_form_key UNIQUE (form_key)
)
;
CREATE UNIQUE INDEX ix_billing_equity_move_member_id ON billing_equity_move (member_id, number)
;
CREATE TABLE billing_equity_statement (
	move_id INTEGER NOT NULL, 
	document_id INTEGER NOT NULL, 
	CONSTRAINT pk_billing_equity_statement PRIMARY KEY (move_id), 
	CONSTRAINT fk_billing_equity_statement_move_id_billing_equity_move FOREIGN KEY(move_id) REFERENCES billing_equity_move (id), 
	CONSTRAINT uq_billing_equity_statement_document_id UNIQUE (document_id), 
	CONSTRAINT fk_billing_equity_statement_document_id_billing_document FOREIGN KEY(document_id) REFERENCES billing_document (id)
)
;
CREATE UNIQUE INDEX ix_billing_entry_equity_id ON billing_entry (equity_id)
;
CREATE TABLE billing_account_month (
	account_id INTEGER NOT NULL, 
	month DATE NOT NULL, 
	debit_cents BIGINT NOT NULL, 
	credit_cents BIGINT NOT NULL, 
	lines INTEGER NOT NULL, 
	CONSTRAINT pk_billing_account_month PRIMARY KEY (account_id, month), 
	CONSTRAINT fk_billing_account_month_account_id_billing_account FOREIGN KEY(account_id) REFERENCES billing_account (id)
)
;
CREATE TABLE billing_member_month (
	member_id INTEGER NOT NULL, 
	month DATE NOT NULL, 
	topic VARCHAR NOT NULL, 
	cents BIGINT NOT NULL, 
	lines INTEGER NOT NULL, 
	CONSTRAINT pk_billing_member_month PRIMARY KEY (member_id, month, topic)
)
;
CREATE INDEX ix_booking_member_unaddressed ON booking_member (number, id) WHERE address_street = '' OR address_postcode = '' OR address_town = ''
;
CREATE TABLE "auth_wall_screen" (
	id INTEGER NOT NULL, 
	token_hash VARCHAR NOT NULL, 
	workshop_id INTEGER, 
	label VARCHAR NOT NULL, 
	language VARCHAR NOT NULL, 
	theme VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	revoked_at DATETIME, 
	made_by INTEGER, 
	CONSTRAINT pk_auth_wall_screen PRIMARY KEY (id), 
	CONSTRAINT uq_auth_wall_screen_token_hash UNIQUE (token_hash), 
	CONSTRAINT fk_auth_wall_screen_workshop_id_booking_workshop FOREIGN KEY(workshop_id) REFERENCES booking_workshop (id), 
	CONSTRAINT ck_auth_wall_screen_theme CHECK (theme IN ('system', 'light', 'dark')), 
	CONSTRAINT fk_auth_wall_screen_made_by_auth_user FOREIGN KEY(made_by) REFERENCES auth_user (id)
)
;
CREATE INDEX ix_auth_wall_screen_workshop_id ON auth_wall_screen (workshop_id)
;
INSERT INTO "alembic_version" ("version_num") VALUES ('0162')
;
INSERT INTO "booking_price_class" ("code", "name_de", "name_en", "sort_order") VALUES ('member', 'Mitglied', 'member', 1)
;
INSERT INTO "booking_price_class" ("code", "name_de", "name_en", "sort_order") VALUES ('guest', 'Gast', 'guest', 2)
;
INSERT INTO "billing_ledger" ("id", "state", "chart", "opened_on", "posted_charge_id", "posted_allocation_id", "revision", "period_length") VALUES (1, 'open', 'skr03', NULL, 0, 0, 0, 'year')
;
INSERT INTO "billing_account" ("id", "code", "kind", "skr03", "skr04", "revision") VALUES (1, 'receivables', 'asset', '1400', '1200', 0)
;
INSERT INTO "billing_account" ("id", "code", "kind", "skr03", "skr04", "revision") VALUES (2, 'use_charges', 'income', '8200', '4200', 0)
;
INSERT INTO "billing_account" ("id", "code", "kind", "skr03", "skr04", "revision") VALUES (3, 'allocated_costs', 'income', '8950', '4690', 0)
;
INSERT INTO "billing_account" ("id", "code", "kind", "skr03", "skr04", "revision") VALUES (4, 'advances', 'liability', '1710', '3250', 0)
;
INSERT INTO "billing_account" ("id", "code", "kind", "skr03", "skr04", "revision") VALUES (5, 'fees', 'income', '8600', '4835', 0)
;
INSERT INTO "billing_account" ("id", "code", "kind", "skr03", "skr04", "revision") VALUES (6, 'dues', 'income', '8951', '4691', 0)
;
INSERT INTO "billing_account" ("id", "code", "kind", "skr03", "skr04", "revision") VALUES (7, 'materials', 'income', '8201', '4201', 0)
;
INSERT INTO "billing_account" ("id", "code", "kind", "skr03", "skr04", "revision") VALUES (8, 'deposits', 'liability', '1732', '3550', 0)
;
INSERT INTO "billing_account" ("id", "code", "kind", "skr03", "skr04", "revision") VALUES (9, 'equity', 'equity', '0810', '2901', 0)
;
INSERT INTO "billing_account" ("id", "code", "kind", "skr03", "skr04", "revision") VALUES (10, 'equity_left', 'equity', '0811', '2902', 0)
;
INSERT INTO "billing_account" ("id", "code", "kind", "skr03", "skr04", "revision") VALUES (11, 'opening_balances', 'equity', '9000', '9000', 0)
;
INSERT INTO "billing_vat_rate" ("code", "valid_from", "percent", "known_until") VALUES ('standard', '2021-01-01', 19, NULL)
;
INSERT INTO "billing_vat_rate" ("code", "valid_from", "percent", "known_until") VALUES ('reduced', '2021-01-01', 7, NULL)
;
INSERT INTO "billing_vat_rate" ("code", "valid_from", "percent", "known_until") VALUES ('flat_rate', '2007-01-01', 10.7, NULL)
;
INSERT INTO "billing_vat_rate" ("code", "valid_from", "percent", "known_until") VALUES ('flat_rate', '2022-01-01', 9.5, NULL)
;
INSERT INTO "billing_vat_rate" ("code", "valid_from", "percent", "known_until") VALUES ('flat_rate', '2023-01-01', 9, NULL)
;
INSERT INTO "billing_vat_rate" ("code", "valid_from", "percent", "known_until") VALUES ('flat_rate', '2024-12-06', 8.4, NULL)
;
INSERT INTO "billing_vat_rate" ("code", "valid_from", "percent", "known_until") VALUES ('flat_rate', '2025-01-01', 7.8, '2025-12-31')
;
INSERT INTO "billing_document_terms" ("id", "pay_days", "intro", "mail_text", "use_code", "share_code", "advance_code", "other_code", "revision", "sending_unknown_until") VALUES (1, 14, '', '', NULL, NULL, NULL, NULL, 0, 0)
;
INSERT INTO "billing_vat_text" ("reason", "valid_from", "text") VALUES ('small', '1990-01-01', 'Kein Ausweis von Umsatzsteuer, da Kleinunternehmer gemäß § 19 UStG.')
;
INSERT INTO "billing_vat_text" ("reason", "valid_from", "text") VALUES ('small', '2025-01-01', 'Steuerfrei nach § 19 UStG (Kleinunternehmer).')
;
INSERT INTO "billing_vat_text" ("reason", "valid_from", "text") VALUES ('flat_rate', '1990-01-01', 'Umsatzsteuer nach dem Durchschnittssatz für Landwirte, § 24 UStG.')
;
INSERT INTO "billing_vat_text" ("reason", "valid_from", "text") VALUES ('exempt', '1990-01-01', 'Steuerfrei nach § 4 UStG.')
;
INSERT INTO "billing_vat_text" ("reason", "valid_from", "text") VALUES ('outside', '1990-01-01', 'Nicht steuerbar: kein Leistungsaustausch im Sinne des UStG.')
;
INSERT INTO "billing_datev_terms" ("id", "adviser", "client", "has_member_accounts", "is_locked", "revision", "standard_key", "reduced_key", "has_advance_keys") VALUES (1, NULL, NULL, 1, 0, 0, '3', '2', 0)
;
CREATE TRIGGER booking_event_no_update BEFORE UPDATE ON booking_event BEGIN SELECT RAISE(ABORT, 'booking_event is append-only'); END
;
CREATE TRIGGER booking_event_no_delete BEFORE DELETE ON booking_event BEGIN SELECT RAISE(ABORT, 'booking_event is append-only'); END
;
CREATE TRIGGER booking_event_no_replace BEFORE INSERT ON booking_event WHEN EXISTS (SELECT 1 FROM booking_event WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'booking_event is append-only'); END
;
CREATE TRIGGER booking_seal_no_update BEFORE UPDATE ON booking_seal BEGIN SELECT RAISE(ABORT, 'booking_seal is append-only'); END
;
CREATE TRIGGER booking_seal_no_delete BEFORE DELETE ON booking_seal BEGIN SELECT RAISE(ABORT, 'booking_seal is append-only'); END
;
CREATE TRIGGER booking_seal_no_replace BEFORE INSERT ON booking_seal WHEN EXISTS (SELECT 1 FROM booking_seal WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM booking_seal WHERE previous_digest = NEW.previous_digest) BEGIN SELECT RAISE(ABORT, 'booking_seal is append-only'); END
;
CREATE TRIGGER booking_sealed_event_no_update BEFORE UPDATE ON booking_sealed_event BEGIN SELECT RAISE(ABORT, 'booking_sealed_event is append-only'); END
;
CREATE TRIGGER booking_sealed_event_no_delete BEFORE DELETE ON booking_sealed_event BEGIN SELECT RAISE(ABORT, 'booking_sealed_event is append-only'); END
;
CREATE TRIGGER booking_sealed_event_no_replace BEFORE INSERT ON booking_sealed_event WHEN EXISTS (SELECT 1 FROM booking_sealed_event WHERE event_id = NEW.event_id) BEGIN SELECT RAISE(ABORT, 'booking_sealed_event is append-only'); END
;
CREATE TRIGGER booking_occupancy_no_overlap_INSERT BEFORE INSERT ON booking_occupancy
WHEN NEW.occupied_from < (
    SELECT neighbour.occupied_until FROM booking_occupancy AS neighbour
    WHERE neighbour.unit_id = NEW.unit_id AND neighbour.id IS NOT NEW.id
      AND neighbour.occupied_from < NEW.occupied_until
    ORDER BY neighbour.occupied_from DESC LIMIT 1)
BEGIN SELECT RAISE(ABORT, 'booking_occupancy_no_overlap'); END
;
CREATE TRIGGER booking_occupancy_instants_INSERT BEFORE INSERT ON booking_occupancy
WHEN NEW.occupied_from NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]*' OR NEW.occupied_until NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]*'
BEGIN SELECT RAISE(ABORT, 'booking_occupancy: write instants as YYYY-MM-DD HH:MM:SS.ffffff in UTC'); END
;
CREATE TRIGGER booking_occupancy_no_overlap_UPDATE BEFORE UPDATE ON booking_occupancy
WHEN NEW.occupied_from < (
    SELECT neighbour.occupied_until FROM booking_occupancy AS neighbour
    WHERE neighbour.unit_id = NEW.unit_id AND neighbour.id IS NOT NEW.id
      AND neighbour.occupied_from < NEW.occupied_until
    ORDER BY neighbour.occupied_from DESC LIMIT 1)
BEGIN SELECT RAISE(ABORT, 'booking_occupancy_no_overlap'); END
;
CREATE TRIGGER booking_occupancy_instants_UPDATE BEFORE UPDATE ON booking_occupancy
WHEN NEW.occupied_from NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]*' OR NEW.occupied_until NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]*'
BEGIN SELECT RAISE(ABORT, 'booking_occupancy: write instants as YYYY-MM-DD HH:MM:SS.ffffff in UTC'); END
;
CREATE TRIGGER billing_allocation_no_update BEFORE UPDATE ON billing_allocation BEGIN SELECT RAISE(ABORT, 'billing_allocation is append-only'); END
;
CREATE TRIGGER billing_allocation_no_delete BEFORE DELETE ON billing_allocation BEGIN SELECT RAISE(ABORT, 'billing_allocation is append-only'); END
;
CREATE TRIGGER billing_allocation_no_replace BEFORE INSERT ON billing_allocation WHEN EXISTS (SELECT 1 FROM billing_allocation WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM billing_allocation WHERE reverses_id = NEW.reverses_id) BEGIN SELECT RAISE(ABORT, 'billing_allocation is append-only'); END
;
CREATE TRIGGER billing_allocation_cost_no_update BEFORE UPDATE ON billing_allocation_cost BEGIN SELECT RAISE(ABORT, 'billing_allocation_cost is append-only'); END
;
CREATE TRIGGER billing_allocation_cost_no_delete BEFORE DELETE ON billing_allocation_cost BEGIN SELECT RAISE(ABORT, 'billing_allocation_cost is append-only'); END
;
CREATE TRIGGER billing_allocation_cost_no_replace BEFORE INSERT ON billing_allocation_cost WHEN EXISTS (SELECT 1 FROM billing_allocation_cost WHERE allocation_id = NEW.allocation_id AND cost_id = NEW.cost_id) BEGIN SELECT RAISE(ABORT, 'billing_allocation_cost is append-only'); END
;
CREATE TRIGGER billing_tariff_price_kept_update BEFORE UPDATE ON billing_tariff_price WHEN EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = OLD.tariff_id) BEGIN SELECT RAISE(ABORT, 'billing_tariff_price_kept'); END
;
CREATE TRIGGER billing_tariff_price_kept_delete BEFORE DELETE ON billing_tariff_price WHEN EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = OLD.tariff_id) BEGIN SELECT RAISE(ABORT, 'billing_tariff_price_kept'); END
;
CREATE TRIGGER billing_tariff_price_final_insert BEFORE INSERT ON billing_tariff_price WHEN EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = NEW.tariff_id) BEGIN SELECT RAISE(ABORT, 'billing_tariff_price_final'); END
;
CREATE TRIGGER billing_tariff_price_final_update BEFORE UPDATE ON billing_tariff_price WHEN EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = NEW.tariff_id) BEGIN SELECT RAISE(ABORT, 'billing_tariff_price_final'); END
;
CREATE TRIGGER billing_cost_once_insert BEFORE INSERT ON billing_allocation_cost WHEN (SELECT reverses_id FROM billing_allocation WHERE id = NEW.allocation_id) IS NULL AND EXISTS (
SELECT 1 FROM billing_allocation_cost AS allocated
JOIN billing_allocation AS posted ON posted.id = allocated.allocation_id
WHERE allocated.cost_id = NEW.cost_id AND posted.reverses_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM billing_allocation AS reversal WHERE reversal.reverses_id = posted.id)
) BEGIN SELECT RAISE(ABORT, 'billing_cost_once'); END
;
CREATE TRIGGER billing_cost_kept_update BEFORE UPDATE ON billing_cost WHEN EXISTS (
SELECT 1 FROM billing_allocation_cost AS allocated
JOIN billing_allocation AS posted ON posted.id = allocated.allocation_id
WHERE allocated.cost_id = OLD.id AND posted.reverses_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM billing_allocation AS reversal WHERE reversal.reverses_id = posted.id)
) BEGIN SELECT RAISE(ABORT, 'billing_cost_kept'); END
;
CREATE TRIGGER billing_cost_kept_delete BEFORE DELETE ON billing_cost WHEN EXISTS (
SELECT 1 FROM billing_allocation_cost AS allocated
JOIN billing_allocation AS posted ON posted.id = allocated.allocation_id
WHERE allocated.cost_id = OLD.id AND posted.reverses_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM billing_allocation AS reversal WHERE reversal.reverses_id = posted.id)
) BEGIN SELECT RAISE(ABORT, 'billing_cost_kept'); END
;
CREATE TRIGGER billing_reversal_mirrors_insert BEFORE INSERT ON billing_allocation WHEN NEW.reverses_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM billing_allocation AS original WHERE original.id = NEW.reverses_id AND original.reverses_id IS NULL AND original.total_cents = -NEW.total_cents) BEGIN SELECT RAISE(ABORT, 'billing_reversal_mirrors'); END
;
CREATE TRIGGER booking_usage_price_facts_insert BEFORE INSERT ON booking_usage WHEN NEW.service_date IS NULL OR NEW.price_class IS NULL OR NOT EXISTS (SELECT 1 FROM booking_price_class WHERE code = NEW.price_class) BEGIN SELECT RAISE(ABORT, 'booking_usage_price_facts'); END
;
CREATE TRIGGER booking_usage_price_facts_update BEFORE UPDATE ON booking_usage WHEN NEW.service_date IS NULL OR NEW.price_class IS NULL OR NOT EXISTS (SELECT 1 FROM booking_price_class WHERE code = NEW.price_class) BEGIN SELECT RAISE(ABORT, 'booking_usage_price_facts'); END
;
CREATE TRIGGER billing_charge_no_update BEFORE UPDATE ON billing_charge BEGIN SELECT RAISE(ABORT, 'billing_charge is append-only'); END
;
CREATE TRIGGER billing_charge_no_delete BEFORE DELETE ON billing_charge BEGIN SELECT RAISE(ABORT, 'billing_charge is append-only'); END
;
CREATE TRIGGER billing_charge_no_replace BEFORE INSERT ON billing_charge WHEN EXISTS (SELECT 1 FROM billing_charge WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM billing_charge WHERE usage_id = NEW.usage_id AND number = NEW.number) OR EXISTS (SELECT 1 FROM billing_charge WHERE reverses_id = NEW.reverses_id) BEGIN SELECT RAISE(ABORT, 'billing_charge is append-only'); END
;
CREATE TRIGGER billing_cost_group_no_update BEFORE UPDATE ON billing_cost_group BEGIN SELECT RAISE(ABORT, 'billing_cost_group is append-only'); END
;
CREATE TRIGGER billing_cost_group_no_delete BEFORE DELETE ON billing_cost_group BEGIN SELECT RAISE(ABORT, 'billing_cost_group is append-only'); END
;
CREATE TRIGGER billing_cost_group_no_replace BEFORE INSERT ON billing_cost_group WHEN EXISTS (SELECT 1 FROM billing_cost_group WHERE allocation_id = NEW.allocation_id AND number = NEW.number) BEGIN SELECT RAISE(ABORT, 'billing_cost_group is append-only'); END
;
CREATE TRIGGER billing_allocation_line_no_update BEFORE UPDATE ON billing_allocation_line BEGIN SELECT RAISE(ABORT, 'billing_allocation_line is append-only'); END
;
CREATE TRIGGER billing_allocation_line_no_delete BEFORE DELETE ON billing_allocation_line BEGIN SELECT RAISE(ABORT, 'billing_allocation_line is append-only'); END
;
CREATE TRIGGER billing_allocation_line_no_replace BEFORE INSERT ON billing_allocation_line WHEN EXISTS (SELECT 1 FROM billing_allocation_line WHERE allocation_id = NEW.allocation_id AND group_number = NEW.group_number AND member_id = NEW.member_id) BEGIN SELECT RAISE(ABORT, 'billing_allocation_line is append-only'); END
;
CREATE TRIGGER billing_allocation_slip_no_update BEFORE UPDATE ON billing_allocation_slip BEGIN SELECT RAISE(ABORT, 'billing_allocation_slip is append-only'); END
;
CREATE TRIGGER billing_allocation_slip_no_delete BEFORE DELETE ON billing_allocation_slip BEGIN SELECT RAISE(ABORT, 'billing_allocation_slip is append-only'); END
;
CREATE TRIGGER billing_allocation_slip_no_replace BEFORE INSERT ON billing_allocation_slip WHEN EXISTS (SELECT 1 FROM billing_allocation_slip WHERE allocation_id = NEW.allocation_id AND usage_id = NEW.usage_id) BEGIN SELECT RAISE(ABORT, 'billing_allocation_slip is append-only'); END
;
CREATE TRIGGER billing_tariff_kept_update BEFORE UPDATE ON billing_tariff WHEN EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = OLD.id) BEGIN SELECT RAISE(ABORT, 'billing_tariff_kept'); END
;
CREATE TRIGGER billing_tariff_kept_delete BEFORE DELETE ON billing_tariff WHEN EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = OLD.id) BEGIN SELECT RAISE(ABORT, 'billing_tariff_kept'); END
;
CREATE TRIGGER auth_deputy_days_insert BEFORE INSERT ON auth_managed_workshop WHEN NEW.is_deputy AND COALESCE(julianday(NEW.valid_until) - julianday(NEW.valid_from), 90) >= 90
    OR NOT NEW.is_deputy AND COALESCE(NEW.valid_from, NEW.valid_until) IS NOT NULL BEGIN SELECT RAISE(ABORT, 'auth_deputy_days'); END
;
CREATE TRIGGER auth_deputy_days_update BEFORE UPDATE ON auth_managed_workshop WHEN NEW.is_deputy AND COALESCE(julianday(NEW.valid_until) - julianday(NEW.valid_from), 90) >= 90
    OR NOT NEW.is_deputy AND COALESCE(NEW.valid_from, NEW.valid_until) IS NOT NULL BEGIN SELECT RAISE(ABORT, 'auth_deputy_days'); END
;
CREATE TRIGGER auth_deputy_named_insert BEFORE INSERT ON auth_managed_workshop WHEN NEW.is_deputy AND NOT EXISTS (
    SELECT 1 FROM auth_managed_workshop AS own
    WHERE own.user_id = NEW.named_by AND own.workshop_id = NEW.workshop_id AND NOT own.is_deputy) BEGIN SELECT RAISE(ABORT, 'auth_deputy_named'); END
;
CREATE TRIGGER auth_deputy_no_overlap_insert BEFORE insert ON auth_managed_workshop
WHEN NEW.is_deputy AND EXISTS (
    SELECT 1 FROM auth_managed_workshop AS other
    WHERE other.user_id = NEW.user_id AND other.workshop_id = NEW.workshop_id AND other.is_deputy
      AND other.id IS NOT NEW.id
      AND other.valid_from <= NEW.valid_until AND NEW.valid_from <= other.valid_until)
BEGIN SELECT RAISE(ABORT, 'auth_deputy_no_overlap'); END
;
CREATE TRIGGER auth_deputy_no_overlap_update BEFORE update ON auth_managed_workshop
WHEN NEW.is_deputy AND EXISTS (
    SELECT 1 FROM auth_managed_workshop AS other
    WHERE other.user_id = NEW.user_id AND other.workshop_id = NEW.workshop_id AND other.is_deputy
      AND other.id IS NOT NEW.id
      AND other.valid_from <= NEW.valid_until AND NEW.valid_from <= other.valid_until)
BEGIN SELECT RAISE(ABORT, 'auth_deputy_no_overlap'); END
;
CREATE TRIGGER auth_deputy_ends_delete AFTER DELETE ON auth_managed_workshop WHEN NOT OLD.is_deputy
BEGIN DELETE FROM auth_managed_workshop
    WHERE is_deputy AND named_by = OLD.user_id AND workshop_id = OLD.workshop_id; END
;
CREATE TRIGGER booking_member_id_given_once_insert AFTER INSERT ON booking_member WHEN NEW.id <= (SELECT last_id FROM booking_deleted_id WHERE table_name = 'booking_member') BEGIN SELECT RAISE(ABORT, 'booking_member_id_given_once'); END
;
CREATE TRIGGER booking_machine_id_given_once_insert AFTER INSERT ON booking_machine WHEN NEW.id <= (SELECT last_id FROM booking_deleted_id WHERE table_name = 'booking_machine') BEGIN SELECT RAISE(ABORT, 'booking_machine_id_given_once'); END
;
CREATE TRIGGER billing_charge_total_add AFTER INSERT ON billing_charge BEGIN INSERT INTO billing_charge_total (service_date, cents) VALUES (NEW.service_date, NEW.cents)
    ON CONFLICT (service_date) DO UPDATE SET cents = billing_charge_total.cents + excluded.cents; END
;
CREATE TRIGGER billing_allocation_count_add BEFORE INSERT ON billing_allocation_line BEGIN INSERT INTO billing_allocation_count (allocation_id, group_number, bearers, rounding_cents)
    VALUES (NEW.allocation_id, NEW.group_number, CASE WHEN NEW.weight > 0 THEN 1 ELSE 0 END,
        CASE WHEN NEW.got_rounding_cent THEN 1 ELSE 0 END)
    ON CONFLICT (allocation_id, group_number) DO UPDATE SET
        bearers = billing_allocation_count.bearers + excluded.bearers,
        rounding_cents = billing_allocation_count.rounding_cents + excluded.rounding_cents;
INSERT INTO billing_allocation_count (allocation_id, group_number, bearers, rounding_cents)
    VALUES (NEW.allocation_id, 0, CASE WHEN EXISTS (SELECT 1 FROM billing_allocation_line AS other
        WHERE other.allocation_id = NEW.allocation_id AND other.member_id = NEW.member_id) THEN 0 ELSE 1 END, 0)
    ON CONFLICT (allocation_id, group_number) DO UPDATE SET
        bearers = billing_allocation_count.bearers + excluded.bearers; END
;
CREATE TRIGGER booking_prerequisite_no_circle_INSERT BEFORE INSERT ON booking_prerequisite
WHEN EXISTS (
    WITH RECURSIVE reached(id) AS (
        SELECT NEW.required_kind_id
        UNION SELECT one.required_kind_id FROM booking_prerequisite AS one JOIN reached ON one.kind_id = reached.id)
    SELECT 1 FROM reached WHERE id = NEW.kind_id)
BEGIN SELECT RAISE(ABORT, 'booking_prerequisite_no_circle'); END
;
CREATE TRIGGER booking_prerequisite_no_circle_UPDATE BEFORE UPDATE ON booking_prerequisite
WHEN EXISTS (
    WITH RECURSIVE reached(id) AS (
        SELECT NEW.required_kind_id
        UNION SELECT one.required_kind_id FROM booking_prerequisite AS one JOIN reached ON one.kind_id = reached.id)
    SELECT 1 FROM reached WHERE id = NEW.kind_id)
BEGIN SELECT RAISE(ABORT, 'booking_prerequisite_no_circle'); END
;
CREATE TRIGGER booking_member_names_insert AFTER INSERT ON booking_member BEGIN INSERT INTO booking_member_names (id, version) VALUES (1, lower(hex(randomblob(16))))
    ON CONFLICT (id) DO UPDATE SET version = excluded.version; END
;
CREATE TRIGGER booking_member_names_delete AFTER DELETE ON booking_member BEGIN INSERT INTO booking_member_names (id, version) VALUES (1, lower(hex(randomblob(16))))
    ON CONFLICT (id) DO UPDATE SET version = excluded.version; END
;
CREATE TRIGGER booking_member_names_update AFTER UPDATE OF number, name, trade, email ON booking_member BEGIN INSERT INTO booking_member_names (id, version) VALUES (1, lower(hex(randomblob(16))))
    ON CONFLICT (id) DO UPDATE SET version = excluded.version; END
;
CREATE TRIGGER booking_exchange_kept_delete BEFORE DELETE ON booking_exchange WHEN 1 = 1 BEGIN SELECT RAISE(ABORT, 'booking_exchange_kept'); END
;
CREATE TRIGGER billing_advance_no_update BEFORE UPDATE ON billing_advance BEGIN SELECT RAISE(ABORT, 'billing_advance is append-only'); END
;
CREATE TRIGGER billing_advance_no_delete BEFORE DELETE ON billing_advance BEGIN SELECT RAISE(ABORT, 'billing_advance is append-only'); END
;
CREATE TRIGGER billing_advance_no_replace BEFORE INSERT ON billing_advance WHEN EXISTS (SELECT 1 FROM billing_advance WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM billing_advance WHERE reverses_id = NEW.reverses_id) OR EXISTS (SELECT 1 FROM billing_advance WHERE form_key = NEW.form_key) BEGIN SELECT RAISE(ABORT, 'billing_advance is append-only'); END
;
CREATE TRIGGER billing_advance_line_no_update BEFORE UPDATE ON billing_advance_line BEGIN SELECT RAISE(ABORT, 'billing_advance_line is append-only'); END
;
CREATE TRIGGER billing_advance_line_no_delete BEFORE DELETE ON billing_advance_line BEGIN SELECT RAISE(ABORT, 'billing_advance_line is append-only'); END
;
CREATE TRIGGER billing_advance_line_no_replace BEFORE INSERT ON billing_advance_line WHEN EXISTS (SELECT 1 FROM billing_advance_line WHERE advance_id = NEW.advance_id AND member_id = NEW.member_id) BEGIN SELECT RAISE(ABORT, 'billing_advance_line is append-only'); END
;
CREATE TRIGGER billing_allocation_charge_no_update BEFORE UPDATE ON billing_allocation_charge BEGIN SELECT RAISE(ABORT, 'billing_allocation_charge is append-only'); END
;
CREATE TRIGGER billing_allocation_charge_no_delete BEFORE DELETE ON billing_allocation_charge BEGIN SELECT RAISE(ABORT, 'billing_allocation_charge is append-only'); END
;
CREATE TRIGGER billing_allocation_charge_no_replace BEFORE INSERT ON billing_allocation_charge WHEN EXISTS (SELECT 1 FROM billing_allocation_charge WHERE allocation_id = NEW.allocation_id AND charge_id = NEW.charge_id) BEGIN SELECT RAISE(ABORT, 'billing_allocation_charge is append-only'); END
;
CREATE TRIGGER billing_allocation_advance_no_update BEFORE UPDATE ON billing_allocation_advance BEGIN SELECT RAISE(ABORT, 'billing_allocation_advance is append-only'); END
;
CREATE TRIGGER billing_allocation_advance_no_delete BEFORE DELETE ON billing_allocation_advance BEGIN SELECT RAISE(ABORT, 'billing_allocation_advance is append-only'); END
;
CREATE TRIGGER billing_allocation_advance_no_replace BEFORE INSERT ON billing_allocation_advance WHEN EXISTS (SELECT 1 FROM billing_allocation_advance WHERE allocation_id = NEW.allocation_id AND advance_id = NEW.advance_id AND member_id = NEW.member_id) BEGIN SELECT RAISE(ABORT, 'billing_allocation_advance is append-only'); END
;
CREATE TRIGGER billing_charge_counted_once_insert BEFORE INSERT ON billing_allocation_charge WHEN (SELECT reverses_id FROM billing_allocation WHERE id = NEW.allocation_id) IS NULL AND EXISTS (SELECT 1 FROM billing_allocation_charge AS counted
JOIN billing_allocation AS posted ON posted.id = counted.allocation_id
WHERE counted.charge_id = NEW.charge_id AND posted.reverses_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM billing_allocation AS reversal WHERE reversal.reverses_id = posted.id)) BEGIN SELECT RAISE(ABORT, 'billing_charge_counted_once'); END
;
CREATE TRIGGER billing_advance_counted_once_insert BEFORE INSERT ON billing_allocation_advance WHEN (SELECT reverses_id FROM billing_allocation WHERE id = NEW.allocation_id) IS NULL AND EXISTS (SELECT 1 FROM billing_allocation_advance AS counted
JOIN billing_allocation AS posted ON posted.id = counted.allocation_id
WHERE counted.advance_id = NEW.advance_id AND counted.member_id = NEW.member_id AND posted.reverses_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM billing_allocation AS reversal WHERE reversal.reverses_id = posted.id)) BEGIN SELECT RAISE(ABORT, 'billing_advance_counted_once'); END
;
CREATE TRIGGER billing_entry_no_update BEFORE UPDATE ON billing_entry BEGIN SELECT RAISE(ABORT, 'billing_entry is append-only'); END
;
CREATE TRIGGER billing_entry_no_delete BEFORE DELETE ON billing_entry BEGIN SELECT RAISE(ABORT, 'billing_entry is append-only'); END
;
CREATE TRIGGER billing_posting_no_update BEFORE UPDATE ON billing_posting BEGIN SELECT RAISE(ABORT, 'billing_posting is append-only'); END
;
CREATE TRIGGER billing_posting_no_delete BEFORE DELETE ON billing_posting BEGIN SELECT RAISE(ABORT, 'billing_posting is append-only'); END
;
CREATE TRIGGER billing_posting_no_replace BEFORE INSERT ON billing_posting WHEN EXISTS (SELECT 1 FROM billing_posting WHERE entry_id = NEW.entry_id AND number = NEW.number) BEGIN SELECT RAISE(ABORT, 'billing_posting is append-only'); END
;
CREATE TRIGGER billing_entry_unbalanced_insert BEFORE INSERT ON billing_entry WHEN (SELECT count(*) <> NEW.lines OR coalesce(min(number), 0) <> 1 OR coalesce(max(number), 0) <> NEW.lines OR coalesce(sum(cents), 1) <> 0 FROM billing_posting WHERE entry_id = NEW.id) BEGIN SELECT RAISE(ABORT, 'billing_entry_unbalanced'); END
;
CREATE TRIGGER billing_entry_complete_insert BEFORE INSERT ON billing_posting WHEN EXISTS (SELECT 1 FROM billing_entry WHERE id = NEW.entry_id) BEGIN SELECT RAISE(ABORT, 'billing_entry_complete'); END
;
CREATE TRIGGER booking_exchange_ended_update BEFORE UPDATE ON booking_exchange WHEN OLD.state <> 'open' OR NEW.given_id <> OLD.given_id OR NEW.given_revision <> OLD.given_revision OR NEW.proposer_id <> OLD.proposer_id OR NEW.receiver_id <> OLD.receiver_id OR NEW.proposed_at <> OLD.proposed_at OR NEW.note <> OLD.note OR NEW.lapses_at < OLD.lapses_at OR COALESCE(NEW.wanted_id, 0) <> COALESCE(OLD.wanted_id, 0) BEGIN SELECT RAISE(ABORT, 'booking_exchange_ended'); END
;
CREATE TRIGGER billing_period_closed_insert BEFORE INSERT ON billing_entry WHEN EXISTS (SELECT 1 FROM billing_period WHERE state = 'closed' AND last_day >= NEW.posting_date) BEGIN SELECT RAISE(ABORT, 'billing_period_closed'); END
;
CREATE TRIGGER billing_period_soft_closed_insert BEFORE INSERT ON billing_entry WHEN (EXISTS (SELECT 1 FROM billing_period WHERE state = 'soft_closed' AND NEW.posting_date BETWEEN first_day AND last_day) AND NOT EXISTS (SELECT 1 FROM auth_user WHERE id = NEW.posted_by AND is_treasurer)) BEGIN SELECT RAISE(ABORT, 'billing_period_soft_closed'); END
;
CREATE TRIGGER billing_period_overlap_insert BEFORE INSERT ON billing_period WHEN EXISTS (SELECT 1 FROM billing_period WHERE id = NEW.id OR (first_day <= NEW.last_day AND last_day >= NEW.first_day)) BEGIN SELECT RAISE(ABORT, 'billing_period_overlap'); END
;
CREATE TRIGGER billing_period_final_update BEFORE UPDATE ON billing_period WHEN OLD.state = 'closed' BEGIN SELECT RAISE(ABORT, 'billing_period_final'); END
;
CREATE TRIGGER billing_period_final_delete BEFORE DELETE ON billing_period WHEN OLD.state = 'closed' BEGIN SELECT RAISE(ABORT, 'billing_period_final'); END
;
CREATE TRIGGER billing_period_days_update BEFORE UPDATE ON billing_period WHEN (NEW.id <> OLD.id OR NEW.name <> OLD.name OR NEW.first_day <> OLD.first_day OR NEW.last_day <> OLD.last_day) BEGIN SELECT RAISE(ABORT, 'billing_period_days'); END
;
CREATE TRIGGER billing_tariff_line_kept_update BEFORE UPDATE ON billing_tariff_line WHEN EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = OLD.tariff_id) BEGIN SELECT RAISE(ABORT, 'billing_tariff_line_kept'); END
;
CREATE TRIGGER billing_tariff_line_kept_delete BEFORE DELETE ON billing_tariff_line WHEN EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = OLD.tariff_id) BEGIN SELECT RAISE(ABORT, 'billing_tariff_line_kept'); END
;
CREATE TRIGGER billing_tariff_line_final_insert BEFORE INSERT ON billing_tariff_line WHEN EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = NEW.tariff_id) BEGIN SELECT RAISE(ABORT, 'billing_tariff_line_final'); END
;
CREATE TRIGGER billing_tariff_line_final_update BEFORE UPDATE ON billing_tariff_line WHEN EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = NEW.tariff_id) BEGIN SELECT RAISE(ABORT, 'billing_tariff_line_final'); END
;
CREATE TRIGGER billing_tariff_tier_kept_update BEFORE UPDATE ON billing_tariff_tier WHEN EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = OLD.tariff_id) BEGIN SELECT RAISE(ABORT, 'billing_tariff_tier_kept'); END
;
CREATE TRIGGER billing_tariff_tier_kept_delete BEFORE DELETE ON billing_tariff_tier WHEN EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = OLD.tariff_id) BEGIN SELECT RAISE(ABORT, 'billing_tariff_tier_kept'); END
;
CREATE TRIGGER billing_tariff_tier_final_insert BEFORE INSERT ON billing_tariff_tier WHEN EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = NEW.tariff_id) BEGIN SELECT RAISE(ABORT, 'billing_tariff_tier_final'); END
;
CREATE TRIGGER billing_tariff_tier_final_update BEFORE UPDATE ON billing_tariff_tier WHEN EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = NEW.tariff_id) BEGIN SELECT RAISE(ABORT, 'billing_tariff_tier_final'); END
;
CREATE TRIGGER billing_tariff_adjustment_kept_update BEFORE UPDATE ON billing_tariff_adjustment WHEN EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = OLD.tariff_id) BEGIN SELECT RAISE(ABORT, 'billing_tariff_adjustment_kept'); END
;
CREATE TRIGGER billing_tariff_adjustment_kept_delete BEFORE DELETE ON billing_tariff_adjustment WHEN EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = OLD.tariff_id) BEGIN SELECT RAISE(ABORT, 'billing_tariff_adjustment_kept'); END
;
CREATE TRIGGER billing_tariff_adjustment_final_insert BEFORE INSERT ON billing_tariff_adjustment WHEN EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = NEW.tariff_id) BEGIN SELECT RAISE(ABORT, 'billing_tariff_adjustment_final'); END
;
CREATE TRIGGER billing_tariff_adjustment_final_update BEFORE UPDATE ON billing_tariff_adjustment WHEN EXISTS (SELECT 1 FROM billing_charge WHERE tariff_id = NEW.tariff_id) BEGIN SELECT RAISE(ABORT, 'billing_tariff_adjustment_final'); END
;
CREATE TRIGGER billing_document_no_update BEFORE UPDATE ON billing_document BEGIN SELECT RAISE(ABORT, 'billing_document is append-only'); END
;
CREATE TRIGGER billing_document_no_delete BEFORE DELETE ON billing_document BEGIN SELECT RAISE(ABORT, 'billing_document is append-only'); END
;
CREATE TRIGGER billing_document_no_replace BEFORE INSERT ON billing_document WHEN EXISTS (SELECT 1 FROM billing_document WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM billing_document WHERE number = NEW.number) OR EXISTS (SELECT 1 FROM billing_document WHERE series = NEW.series AND year = NEW.year AND sequence = NEW.sequence) OR EXISTS (SELECT 1 FROM billing_document WHERE cancels_id = NEW.cancels_id) BEGIN SELECT RAISE(ABORT, 'billing_document is append-only'); END
;
CREATE TRIGGER billing_document_line_no_update BEFORE UPDATE ON billing_document_line BEGIN SELECT RAISE(ABORT, 'billing_document_line is append-only'); END
;
CREATE TRIGGER billing_document_line_no_delete BEFORE DELETE ON billing_document_line BEGIN SELECT RAISE(ABORT, 'billing_document_line is append-only'); END
;
CREATE TRIGGER billing_document_line_no_replace BEFORE INSERT ON billing_document_line WHEN EXISTS (SELECT 1 FROM billing_document_line WHERE document_id = NEW.document_id AND number = NEW.number) OR EXISTS (SELECT 1 FROM billing_document_line WHERE entry_id = NEW.entry_id AND posting_number = NEW.posting_number AND turn = NEW.turn) BEGIN SELECT RAISE(ABORT, 'billing_document_line is append-only'); END
;
CREATE TRIGGER billing_document_vat_no_update BEFORE UPDATE ON billing_document_vat BEGIN SELECT RAISE(ABORT, 'billing_document_vat is append-only'); END
;
CREATE TRIGGER billing_document_vat_no_delete BEFORE DELETE ON billing_document_vat BEGIN SELECT RAISE(ABORT, 'billing_document_vat is append-only'); END
;
CREATE TRIGGER billing_document_vat_no_replace BEFORE INSERT ON billing_document_vat WHEN EXISTS (SELECT 1 FROM billing_document_vat WHERE document_id = NEW.document_id AND number = NEW.number) BEGIN SELECT RAISE(ABORT, 'billing_document_vat is append-only'); END
;
CREATE TRIGGER billing_document_file_no_update BEFORE UPDATE ON billing_document_file BEGIN SELECT RAISE(ABORT, 'billing_document_file is append-only'); END
;
CREATE TRIGGER billing_document_file_no_delete BEFORE DELETE ON billing_document_file BEGIN SELECT RAISE(ABORT, 'billing_document_file is append-only'); END
;
CREATE TRIGGER billing_document_file_no_replace BEFORE INSERT ON billing_document_file WHEN EXISTS (SELECT 1 FROM billing_document_file WHERE document_id = NEW.document_id) BEGIN SELECT RAISE(ABORT, 'billing_document_file is append-only'); END
;
CREATE TRIGGER billing_document_numbered_insert BEFORE INSERT ON billing_document WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM billing_document WHERE series = NEW.series AND year = NEW.year) BEGIN SELECT RAISE(ABORT, 'billing_document_numbered'); END
;
CREATE TRIGGER billing_number_counts_update BEFORE UPDATE ON billing_number WHEN NEW.last <> OLD.last + 1 BEGIN SELECT RAISE(ABORT, 'billing_number_counts'); END
;
CREATE TRIGGER billing_number_begins_insert BEFORE INSERT ON billing_number WHEN NEW.last <> 0 BEGIN SELECT RAISE(ABORT, 'billing_number_begins'); END
;
CREATE TRIGGER billing_number_stays_delete BEFORE DELETE ON billing_number WHEN OLD.last >= 0 BEGIN SELECT RAISE(ABORT, 'billing_number_stays'); END
;
CREATE TRIGGER billing_document_line_turn_insert BEFORE INSERT ON billing_document_line WHEN NEW.turn > 1 AND NOT EXISTS (SELECT 1 FROM billing_document_line WHERE entry_id = NEW.entry_id AND posting_number = NEW.posting_number AND turn = NEW.turn - 1) BEGIN SELECT RAISE(ABORT, 'billing_document_line_turn'); END
;
CREATE TRIGGER billing_document_unbalanced_insert BEFORE INSERT ON billing_document WHEN (SELECT count(*) <> NEW.lines OR coalesce(max(number), 0) <> NEW.lines OR coalesce(sum(net_cents), 0) <> NEW.net_cents OR coalesce(sum(gross_cents), 0) <> NEW.gross_cents FROM billing_document_line WHERE document_id = NEW.id) OR (SELECT count(*) <> NEW.vat_groups OR coalesce(max(number), 0) <> NEW.vat_groups OR coalesce(sum(net_cents), 0) <> NEW.net_cents OR coalesce(sum(vat_cents), 0) <> NEW.vat_cents FROM billing_document_vat WHERE document_id = NEW.id) BEGIN SELECT RAISE(ABORT, 'billing_document_unbalanced'); END
;
CREATE TRIGGER billing_document_line_closed_insert BEFORE INSERT ON billing_document_line WHEN EXISTS (SELECT 1 FROM billing_document WHERE id = NEW.document_id) BEGIN SELECT RAISE(ABORT, 'billing_document_line_closed'); END
;
CREATE TRIGGER billing_document_vat_closed_insert BEFORE INSERT ON billing_document_vat WHEN EXISTS (SELECT 1 FROM billing_document WHERE id = NEW.document_id) BEGIN SELECT RAISE(ABORT, 'billing_document_vat_closed'); END
;
CREATE TRIGGER billing_account_day_add AFTER INSERT ON billing_entry BEGIN INSERT INTO billing_account_day (account_id, posting_date, debit_cents, credit_cents) SELECT posting.account_id, NEW.posting_date, sum(CASE WHEN posting.cents > 0 THEN posting.cents ELSE 0 END),
    sum(CASE WHEN posting.cents < 0 THEN -posting.cents ELSE 0 END)
    FROM billing_posting AS posting WHERE posting.entry_id = NEW.id GROUP BY posting.account_id
    ON CONFLICT (account_id, posting_date) DO UPDATE SET
    debit_cents = billing_account_day.debit_cents + excluded.debit_cents,
    credit_cents = billing_account_day.credit_cents + excluded.credit_cents; END
;
CREATE TRIGGER billing_period_no_replace_insert BEFORE INSERT ON billing_period WHEN EXISTS (SELECT 1 FROM billing_period WHERE name = NEW.name) BEGIN SELECT RAISE(ABORT, 'billing_period_no_replace'); END
;
CREATE TRIGGER billing_balance_invoiced AFTER INSERT ON billing_document WHEN (NEW.kind IN ('invoice', 'cancellation')) BEGIN INSERT INTO billing_balance (member_id, cents, lines, invoiced_cents) VALUES (NEW.member_id, 0, 0, NEW.gross_cents)
    ON CONFLICT (member_id) DO UPDATE SET invoiced_cents = billing_balance.invoiced_cents + excluded.invoiced_cents; END
;
CREATE TRIGGER billing_fee_no_update BEFORE UPDATE ON billing_fee BEGIN SELECT RAISE(ABORT, 'billing_fee is append-only'); END
;
CREATE TRIGGER billing_fee_no_delete BEFORE DELETE ON billing_fee BEGIN SELECT RAISE(ABORT, 'billing_fee is append-only'); END
;
CREATE TRIGGER billing_fee_no_replace BEFORE INSERT ON billing_fee WHEN EXISTS (SELECT 1 FROM billing_fee WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM billing_fee WHERE reverses_id = NEW.reverses_id) OR EXISTS (SELECT 1 FROM billing_fee WHERE form_key = NEW.form_key) OR EXISTS (SELECT 1 FROM billing_fee WHERE reservation_id = NEW.reservation_id AND number = NEW.number) BEGIN SELECT RAISE(ABORT, 'billing_fee is append-only'); END
;
CREATE TRIGGER billing_export_no_update BEFORE UPDATE ON billing_export BEGIN SELECT RAISE(ABORT, 'billing_export is append-only'); END
;
CREATE TRIGGER billing_export_no_delete BEFORE DELETE ON billing_export BEGIN SELECT RAISE(ABORT, 'billing_export is append-only'); END
;
CREATE TRIGGER billing_export_no_replace BEFORE INSERT ON billing_export WHEN EXISTS (SELECT 1 FROM billing_export WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'billing_export is append-only'); END
;
CREATE TRIGGER billing_export_entry_no_update BEFORE UPDATE ON billing_export_entry BEGIN SELECT RAISE(ABORT, 'billing_export_entry is append-only'); END
;
CREATE TRIGGER billing_export_entry_no_delete BEFORE DELETE ON billing_export_entry BEGIN SELECT RAISE(ABORT, 'billing_export_entry is append-only'); END
;
CREATE TRIGGER billing_export_entry_no_replace BEFORE INSERT ON billing_export_entry WHEN EXISTS (SELECT 1 FROM billing_export_entry WHERE export_id = NEW.export_id AND number = NEW.number) OR EXISTS (SELECT 1 FROM billing_export_entry WHERE export_id = NEW.export_id AND entry_id = NEW.entry_id) OR EXISTS (SELECT 1 FROM billing_export_entry WHERE entry_id = NEW.entry_id AND kind = NEW.kind AND turn = NEW.turn) BEGIN SELECT RAISE(ABORT, 'billing_export_entry is append-only'); END
;
CREATE TRIGGER billing_export_file_no_update BEFORE UPDATE ON billing_export_file BEGIN SELECT RAISE(ABORT, 'billing_export_file is append-only'); END
;
CREATE TRIGGER billing_export_file_no_delete BEFORE DELETE ON billing_export_file BEGIN SELECT RAISE(ABORT, 'billing_export_file is append-only'); END
;
CREATE TRIGGER billing_export_file_no_replace BEFORE INSERT ON billing_export_file WHEN EXISTS (SELECT 1 FROM billing_export_file WHERE export_id = NEW.export_id) BEGIN SELECT RAISE(ABORT, 'billing_export_file is append-only'); END
;
CREATE TRIGGER billing_export_entry_turn_insert BEFORE INSERT ON billing_export_entry WHEN NEW.turn > 1 AND NOT EXISTS (SELECT 1 FROM billing_export_entry WHERE entry_id = NEW.entry_id AND kind = NEW.kind AND turn = NEW.turn - 1) BEGIN SELECT RAISE(ABORT, 'billing_export_entry_turn'); END
;
CREATE TRIGGER billing_export_incomplete_insert BEFORE INSERT ON billing_export WHEN (SELECT count(*) <> NEW.entries OR coalesce(max(number), 0) <> NEW.entries OR coalesce(sum(CASE WHEN kind <> NEW.kind THEN 1 ELSE 0 END), 0) <> 0 OR (NOT NEW.is_again AND coalesce(max(turn), 1) > 1) FROM billing_export_entry WHERE export_id = NEW.id) BEGIN SELECT RAISE(ABORT, 'billing_export_incomplete'); END
;
CREATE TRIGGER billing_export_entry_closed_insert BEFORE INSERT ON billing_export_entry WHEN EXISTS (SELECT 1 FROM billing_export WHERE id = NEW.export_id) BEGIN SELECT RAISE(ABORT, 'billing_export_entry_closed'); END
;
CREATE TRIGGER billing_document_sending_no_update BEFORE UPDATE ON billing_document_sending BEGIN SELECT RAISE(ABORT, 'billing_document_sending is append-only'); END
;
CREATE TRIGGER billing_document_sending_no_delete BEFORE DELETE ON billing_document_sending BEGIN SELECT RAISE(ABORT, 'billing_document_sending is append-only'); END
;
CREATE TRIGGER billing_document_sending_no_replace BEFORE INSERT ON billing_document_sending WHEN EXISTS (SELECT 1 FROM billing_document_sending WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM billing_document_sending WHERE document_id = NEW.document_id AND turn = NEW.turn) BEGIN SELECT RAISE(ABORT, 'billing_document_sending is append-only'); END
;
CREATE TRIGGER billing_document_sending_turn_insert BEFORE INSERT ON billing_document_sending WHEN NEW.turn > 1 AND NOT EXISTS (SELECT 1 FROM billing_document_sending WHERE document_id = NEW.document_id AND turn = NEW.turn - 1) BEGIN SELECT RAISE(ABORT, 'billing_document_sending_turn'); END
;
CREATE TRIGGER billing_uninvoiced_invoiced AFTER INSERT ON billing_document_line WHEN NEW.turn % 2 = 1 BEGIN DELETE FROM billing_uninvoiced WHERE entry_id = NEW.entry_id AND posting_number = NEW.posting_number; END
;
CREATE TRIGGER billing_uninvoiced_taken_back AFTER INSERT ON billing_document_line WHEN NEW.turn % 2 = 0 BEGIN INSERT INTO billing_uninvoiced (entry_id, posting_number, member_id) SELECT entry_id, number, member_id FROM billing_posting
    WHERE entry_id = NEW.entry_id AND number = NEW.posting_number; END
;
CREATE TRIGGER billing_meter_reading_goes_up_insert BEFORE INSERT ON billing_meter_reading WHEN EXISTS (SELECT 1 FROM billing_meter_reading AS other
WHERE other.meter_id = NEW.meter_id AND other.read_on < NEW.read_on AND COALESCE(other.restart, other.reading) > NEW.reading
  AND NOT EXISTS (SELECT 1 FROM billing_meter_reading AS nearer WHERE nearer.meter_id = NEW.meter_id
    AND nearer.read_on < NEW.read_on AND other.read_on < nearer.read_on)) OR EXISTS (SELECT 1 FROM billing_meter_reading AS other
WHERE other.meter_id = NEW.meter_id AND other.read_on > NEW.read_on AND other.reading < COALESCE(NEW.restart, NEW.reading)
  AND NOT EXISTS (SELECT 1 FROM billing_meter_reading AS nearer WHERE nearer.meter_id = NEW.meter_id
    AND nearer.read_on > NEW.read_on AND other.read_on > nearer.read_on)) BEGIN SELECT RAISE(ABORT, 'billing_meter_reading_goes_up'); END
;
CREATE TRIGGER billing_meter_reading_goes_up_update BEFORE UPDATE ON billing_meter_reading WHEN EXISTS (SELECT 1 FROM billing_meter_reading AS other
WHERE other.meter_id = NEW.meter_id AND other.read_on < NEW.read_on AND COALESCE(other.restart, other.reading) > NEW.reading
  AND NOT EXISTS (SELECT 1 FROM billing_meter_reading AS nearer WHERE nearer.meter_id = NEW.meter_id
    AND nearer.read_on < NEW.read_on AND other.read_on < nearer.read_on)) OR EXISTS (SELECT 1 FROM billing_meter_reading AS other
WHERE other.meter_id = NEW.meter_id AND other.read_on > NEW.read_on AND other.reading < COALESCE(NEW.restart, NEW.reading)
  AND NOT EXISTS (SELECT 1 FROM billing_meter_reading AS nearer WHERE nearer.meter_id = NEW.meter_id
    AND nearer.read_on > NEW.read_on AND other.read_on > nearer.read_on)) BEGIN SELECT RAISE(ABORT, 'billing_meter_reading_goes_up'); END
;
CREATE TRIGGER billing_allocation_amount_no_update BEFORE UPDATE ON billing_allocation_amount BEGIN SELECT RAISE(ABORT, 'billing_allocation_amount is append-only'); END
;
CREATE TRIGGER billing_allocation_amount_no_delete BEFORE DELETE ON billing_allocation_amount BEGIN SELECT RAISE(ABORT, 'billing_allocation_amount is append-only'); END
;
CREATE TRIGGER billing_allocation_amount_no_replace BEFORE INSERT ON billing_allocation_amount WHEN EXISTS (SELECT 1 FROM billing_allocation_amount WHERE allocation_id = NEW.allocation_id AND group_number = NEW.group_number AND part = NEW.part AND member_id = NEW.member_id) BEGIN SELECT RAISE(ABORT, 'billing_allocation_amount is append-only'); END
;
CREATE TRIGGER billing_recurring_period_same_pool_insert BEFORE INSERT ON billing_recurring_period WHEN EXISTS (SELECT 1 FROM billing_cost AS cost, billing_recurring_cost AS recurring WHERE cost.id = NEW.cost_id AND recurring.id = NEW.recurring_id AND cost.pool_id <> recurring.pool_id) BEGIN SELECT RAISE(ABORT, 'billing_recurring_period_same_pool'); END
;
CREATE TRIGGER billing_recurring_period_same_pool_update BEFORE UPDATE ON billing_recurring_period WHEN EXISTS (SELECT 1 FROM billing_cost AS cost, billing_recurring_cost AS recurring WHERE cost.id = NEW.cost_id AND recurring.id = NEW.recurring_id AND cost.pool_id <> recurring.pool_id) BEGIN SELECT RAISE(ABORT, 'billing_recurring_period_same_pool'); END
;
CREATE TRIGGER billing_statement_no_update BEFORE UPDATE ON billing_statement BEGIN SELECT RAISE(ABORT, 'billing_statement is append-only'); END
;
CREATE TRIGGER billing_statement_no_delete BEFORE DELETE ON billing_statement BEGIN SELECT RAISE(ABORT, 'billing_statement is append-only'); END
;
CREATE TRIGGER billing_statement_no_replace BEFORE INSERT ON billing_statement WHEN EXISTS (SELECT 1 FROM billing_statement WHERE document_id = NEW.document_id) OR EXISTS (SELECT 1 FROM billing_statement WHERE member_id = NEW.member_id AND first_day = NEW.first_day AND last_day = NEW.last_day AND turn = NEW.turn) BEGIN SELECT RAISE(ABORT, 'billing_statement is append-only'); END
;
CREATE TRIGGER billing_document_states_insert BEFORE INSERT ON billing_document WHEN (NEW.kind = 'statement') <> EXISTS (SELECT 1 FROM billing_statement WHERE document_id = NEW.id AND member_id = NEW.member_id AND first_day = NEW.service_from AND last_day = NEW.service_until) BEGIN SELECT RAISE(ABORT, 'billing_document_states'); END
;
CREATE TRIGGER billing_statement_closed_insert BEFORE INSERT ON billing_statement WHEN EXISTS (SELECT 1 FROM billing_document WHERE id = NEW.document_id) BEGIN SELECT RAISE(ABORT, 'billing_statement_closed'); END
;
CREATE TRIGGER billing_statement_turn_insert BEFORE INSERT ON billing_statement WHEN NEW.turn > 1 AND NOT EXISTS (SELECT 1 FROM billing_statement WHERE member_id = NEW.member_id AND first_day = NEW.first_day AND last_day = NEW.last_day AND turn = NEW.turn - 1) BEGIN SELECT RAISE(ABORT, 'billing_statement_turn'); END
;
CREATE TRIGGER billing_statement_posted_insert BEFORE INSERT ON billing_statement WHEN NEW.opening_cents <> (SELECT coalesce(sum(posting.cents), 0) FROM billing_posting AS posting JOIN billing_entry AS entry ON entry.id = posting.entry_id WHERE posting.member_id = NEW.member_id AND entry.posting_date < NEW.first_day) OR NEW.closing_cents <> (SELECT coalesce(sum(posting.cents), 0) FROM billing_posting AS posting JOIN billing_entry AS entry ON entry.id = posting.entry_id WHERE posting.member_id = NEW.member_id AND entry.posting_date <= NEW.last_day) BEGIN SELECT RAISE(ABORT, 'billing_statement_posted'); END
;
CREATE TRIGGER billing_stock_move_no_update BEFORE UPDATE ON billing_stock_move BEGIN SELECT RAISE(ABORT, 'billing_stock_move is append-only'); END
;
CREATE TRIGGER billing_stock_move_no_delete BEFORE DELETE ON billing_stock_move BEGIN SELECT RAISE(ABORT, 'billing_stock_move is append-only'); END
;
CREATE TRIGGER billing_stock_move_no_replace BEFORE INSERT ON billing_stock_move WHEN EXISTS (SELECT 1 FROM billing_stock_move WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM billing_stock_move WHERE material_id = NEW.material_id AND number = NEW.number) OR EXISTS (SELECT 1 FROM billing_stock_move WHERE fee_id = NEW.fee_id) OR EXISTS (SELECT 1 FROM billing_stock_move WHERE form_key = NEW.form_key) BEGIN SELECT RAISE(ABORT, 'billing_stock_move is append-only'); END
;
CREATE TRIGGER billing_stock_move_chain_insert BEFORE INSERT ON billing_stock_move WHEN NEW.stock <> NEW.quantity + coalesce((SELECT former.stock FROM billing_stock_move AS former WHERE former.material_id = NEW.material_id AND former.number = NEW.number - 1), 0) OR NEW.number < 1 OR (NEW.number > 1 AND NOT EXISTS (SELECT 1 FROM billing_stock_move AS former WHERE former.material_id = NEW.material_id AND former.number = NEW.number - 1)) BEGIN SELECT RAISE(ABORT, 'billing_stock_move_chain'); END
;
CREATE TRIGGER billing_stock_move_below_zero_insert BEFORE INSERT ON billing_stock_move WHEN NEW.stock < 0 AND NEW.quantity < 0 AND NOT (SELECT may_go_below FROM billing_material WHERE id = NEW.material_id) BEGIN SELECT RAISE(ABORT, 'billing_stock_move_below_zero'); END
;
CREATE TRIGGER billing_pool_counts_twice_pool_insert AFTER INSERT ON billing_pool WHEN 
    EXISTS (SELECT 1 FROM billing_pool_scope) AND EXISTS (SELECT 1 FROM (
    SELECT pool.id AS pool_id, 0 AS scope_id, NULL AS group_id, NULL AS workshop_id, pool.machine_id AS machine_id,
        '1990-01-01' AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), '2100-01-01') AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, scope.id, scope.group_id, scope.workshop_id, counted.machine_id,
        scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), '2100-01-01')
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN (
    SELECT scope_id, machine_id FROM billing_pool_scope_machine
    UNION ALL SELECT scope.id, one.machine_id FROM billing_pool_scope AS scope
        JOIN booking_group_machine AS one ON one.group_id = scope.group_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        JOIN booking_machine AS one ON one.workshop_id = scope.workshop_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        CROSS JOIN booking_machine AS one WHERE scope.what = 'ring'
) AS counted ON counted.scope_id = scope.id
) AS one JOIN (
    SELECT pool.id AS pool_id, 0 AS scope_id, NULL AS group_id, NULL AS workshop_id, pool.machine_id AS machine_id,
        '1990-01-01' AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), '2100-01-01') AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, scope.id, scope.group_id, scope.workshop_id, counted.machine_id,
        scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), '2100-01-01')
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN (
    SELECT scope_id, machine_id FROM billing_pool_scope_machine
    UNION ALL SELECT scope.id, one.machine_id FROM billing_pool_scope AS scope
        JOIN booking_group_machine AS one ON one.group_id = scope.group_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        JOIN booking_machine AS one ON one.workshop_id = scope.workshop_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        CROSS JOIN booking_machine AS one WHERE scope.what = 'ring'
) AS counted ON counted.scope_id = scope.id
) AS other
        ON other.machine_id = one.machine_id AND other.pool_id <> one.pool_id
        AND one.since < other.until AND other.since < one.until WHERE one.pool_id = NEW.id)
 BEGIN SELECT RAISE(ABORT, 'billing_pool_counts_twice'); END
;
CREATE TRIGGER billing_pool_counts_twice_pool_update AFTER UPDATE OF charges_are, machine_id ON billing_pool WHEN 
    EXISTS (SELECT 1 FROM billing_pool_scope) AND EXISTS (SELECT 1 FROM (
    SELECT pool.id AS pool_id, 0 AS scope_id, NULL AS group_id, NULL AS workshop_id, pool.machine_id AS machine_id,
        '1990-01-01' AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), '2100-01-01') AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, scope.id, scope.group_id, scope.workshop_id, counted.machine_id,
        scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), '2100-01-01')
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN (
    SELECT scope_id, machine_id FROM billing_pool_scope_machine
    UNION ALL SELECT scope.id, one.machine_id FROM billing_pool_scope AS scope
        JOIN booking_group_machine AS one ON one.group_id = scope.group_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        JOIN booking_machine AS one ON one.workshop_id = scope.workshop_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        CROSS JOIN booking_machine AS one WHERE scope.what = 'ring'
) AS counted ON counted.scope_id = scope.id
) AS one JOIN (
    SELECT pool.id AS pool_id, 0 AS scope_id, NULL AS group_id, NULL AS workshop_id, pool.machine_id AS machine_id,
        '1990-01-01' AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), '2100-01-01') AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, scope.id, scope.group_id, scope.workshop_id, counted.machine_id,
        scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), '2100-01-01')
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN (
    SELECT scope_id, machine_id FROM billing_pool_scope_machine
    UNION ALL SELECT scope.id, one.machine_id FROM billing_pool_scope AS scope
        JOIN booking_group_machine AS one ON one.group_id = scope.group_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        JOIN booking_machine AS one ON one.workshop_id = scope.workshop_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        CROSS JOIN booking_machine AS one WHERE scope.what = 'ring'
) AS counted ON counted.scope_id = scope.id
) AS other
        ON other.machine_id = one.machine_id AND other.pool_id <> one.pool_id
        AND one.since < other.until AND other.since < one.until WHERE one.pool_id = NEW.id)
 BEGIN SELECT RAISE(ABORT, 'billing_pool_counts_twice'); END
;
CREATE TRIGGER billing_pool_counts_twice_pool_scope_insert AFTER INSERT ON billing_pool_scope WHEN 
    EXISTS (SELECT 1 FROM billing_pool_scope) AND EXISTS (SELECT 1 FROM (
    SELECT pool.id AS pool_id, 0 AS scope_id, NULL AS group_id, NULL AS workshop_id, pool.machine_id AS machine_id,
        '1990-01-01' AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), '2100-01-01') AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, scope.id, scope.group_id, scope.workshop_id, counted.machine_id,
        scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), '2100-01-01')
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN (
    SELECT scope_id, machine_id FROM billing_pool_scope_machine
    UNION ALL SELECT scope.id, one.machine_id FROM billing_pool_scope AS scope
        JOIN booking_group_machine AS one ON one.group_id = scope.group_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        JOIN booking_machine AS one ON one.workshop_id = scope.workshop_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        CROSS JOIN booking_machine AS one WHERE scope.what = 'ring'
) AS counted ON counted.scope_id = scope.id
) AS one JOIN (
    SELECT pool.id AS pool_id, 0 AS scope_id, NULL AS group_id, NULL AS workshop_id, pool.machine_id AS machine_id,
        '1990-01-01' AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), '2100-01-01') AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, scope.id, scope.group_id, scope.workshop_id, counted.machine_id,
        scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), '2100-01-01')
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN (
    SELECT scope_id, machine_id FROM billing_pool_scope_machine
    UNION ALL SELECT scope.id, one.machine_id FROM billing_pool_scope AS scope
        JOIN booking_group_machine AS one ON one.group_id = scope.group_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        JOIN booking_machine AS one ON one.workshop_id = scope.workshop_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        CROSS JOIN booking_machine AS one WHERE scope.what = 'ring'
) AS counted ON counted.scope_id = scope.id
) AS other
        ON other.machine_id = one.machine_id AND other.pool_id <> one.pool_id
        AND one.since < other.until AND other.since < one.until WHERE one.scope_id = NEW.id)
 BEGIN SELECT RAISE(ABORT, 'billing_pool_counts_twice'); END
;
CREATE TRIGGER billing_pool_counts_twice_pool_scope_update AFTER UPDATE ON billing_pool_scope WHEN 
    EXISTS (SELECT 1 FROM billing_pool_scope) AND EXISTS (SELECT 1 FROM (
    SELECT pool.id AS pool_id, 0 AS scope_id, NULL AS group_id, NULL AS workshop_id, pool.machine_id AS machine_id,
        '1990-01-01' AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), '2100-01-01') AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, scope.id, scope.group_id, scope.workshop_id, counted.machine_id,
        scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), '2100-01-01')
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN (
    SELECT scope_id, machine_id FROM billing_pool_scope_machine
    UNION ALL SELECT scope.id, one.machine_id FROM billing_pool_scope AS scope
        JOIN booking_group_machine AS one ON one.group_id = scope.group_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        JOIN booking_machine AS one ON one.workshop_id = scope.workshop_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        CROSS JOIN booking_machine AS one WHERE scope.what = 'ring'
) AS counted ON counted.scope_id = scope.id
) AS one JOIN (
    SELECT pool.id AS pool_id, 0 AS scope_id, NULL AS group_id, NULL AS workshop_id, pool.machine_id AS machine_id,
        '1990-01-01' AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), '2100-01-01') AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, scope.id, scope.group_id, scope.workshop_id, counted.machine_id,
        scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), '2100-01-01')
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN (
    SELECT scope_id, machine_id FROM billing_pool_scope_machine
    UNION ALL SELECT scope.id, one.machine_id FROM billing_pool_scope AS scope
        JOIN booking_group_machine AS one ON one.group_id = scope.group_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        JOIN booking_machine AS one ON one.workshop_id = scope.workshop_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        CROSS JOIN booking_machine AS one WHERE scope.what = 'ring'
) AS counted ON counted.scope_id = scope.id
) AS other
        ON other.machine_id = one.machine_id AND other.pool_id <> one.pool_id
        AND one.since < other.until AND other.since < one.until WHERE one.pool_id = NEW.pool_id)
 BEGIN SELECT RAISE(ABORT, 'billing_pool_counts_twice'); END
;
CREATE TRIGGER billing_pool_counts_twice_pool_scope_machine_insert AFTER INSERT ON billing_pool_scope_machine WHEN 
    EXISTS (SELECT 1 FROM billing_pool_scope) AND EXISTS (SELECT 1 FROM (
    SELECT pool.id AS pool_id, 0 AS scope_id, NULL AS group_id, NULL AS workshop_id, pool.machine_id AS machine_id,
        '1990-01-01' AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), '2100-01-01') AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, scope.id, scope.group_id, scope.workshop_id, counted.machine_id,
        scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), '2100-01-01')
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN (
    SELECT scope_id, machine_id FROM billing_pool_scope_machine
    UNION ALL SELECT scope.id, one.machine_id FROM billing_pool_scope AS scope
        JOIN booking_group_machine AS one ON one.group_id = scope.group_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        JOIN booking_machine AS one ON one.workshop_id = scope.workshop_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        CROSS JOIN booking_machine AS one WHERE scope.what = 'ring'
) AS counted ON counted.scope_id = scope.id
) AS one JOIN (
    SELECT pool.id AS pool_id, 0 AS scope_id, NULL AS group_id, NULL AS workshop_id, pool.machine_id AS machine_id,
        '1990-01-01' AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), '2100-01-01') AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, scope.id, scope.group_id, scope.workshop_id, counted.machine_id,
        scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), '2100-01-01')
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN (
    SELECT scope_id, machine_id FROM billing_pool_scope_machine
    UNION ALL SELECT scope.id, one.machine_id FROM billing_pool_scope AS scope
        JOIN booking_group_machine AS one ON one.group_id = scope.group_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        JOIN booking_machine AS one ON one.workshop_id = scope.workshop_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        CROSS JOIN booking_machine AS one WHERE scope.what = 'ring'
) AS counted ON counted.scope_id = scope.id
) AS other
        ON other.machine_id = one.machine_id AND other.pool_id <> one.pool_id
        AND one.since < other.until AND other.since < one.until WHERE one.scope_id = NEW.scope_id AND one.machine_id = NEW.machine_id)
 BEGIN SELECT RAISE(ABORT, 'billing_pool_counts_twice'); END
;
CREATE TRIGGER billing_pool_counts_twice_pool_scope_machine_update AFTER UPDATE ON billing_pool_scope_machine WHEN 
    EXISTS (SELECT 1 FROM billing_pool_scope) AND EXISTS (SELECT 1 FROM (
    SELECT pool.id AS pool_id, 0 AS scope_id, NULL AS group_id, NULL AS workshop_id, pool.machine_id AS machine_id,
        '1990-01-01' AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), '2100-01-01') AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, scope.id, scope.group_id, scope.workshop_id, counted.machine_id,
        scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), '2100-01-01')
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN (
    SELECT scope_id, machine_id FROM billing_pool_scope_machine
    UNION ALL SELECT scope.id, one.machine_id FROM billing_pool_scope AS scope
        JOIN booking_group_machine AS one ON one.group_id = scope.group_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        JOIN booking_machine AS one ON one.workshop_id = scope.workshop_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        CROSS JOIN booking_machine AS one WHERE scope.what = 'ring'
) AS counted ON counted.scope_id = scope.id
) AS one JOIN (
    SELECT pool.id AS pool_id, 0 AS scope_id, NULL AS group_id, NULL AS workshop_id, pool.machine_id AS machine_id,
        '1990-01-01' AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), '2100-01-01') AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, scope.id, scope.group_id, scope.workshop_id, counted.machine_id,
        scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), '2100-01-01')
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN (
    SELECT scope_id, machine_id FROM billing_pool_scope_machine
    UNION ALL SELECT scope.id, one.machine_id FROM billing_pool_scope AS scope
        JOIN booking_group_machine AS one ON one.group_id = scope.group_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        JOIN booking_machine AS one ON one.workshop_id = scope.workshop_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        CROSS JOIN booking_machine AS one WHERE scope.what = 'ring'
) AS counted ON counted.scope_id = scope.id
) AS other
        ON other.machine_id = one.machine_id AND other.pool_id <> one.pool_id
        AND one.since < other.until AND other.since < one.until WHERE one.scope_id = NEW.scope_id AND one.machine_id = NEW.machine_id)
 BEGIN SELECT RAISE(ABORT, 'billing_pool_counts_twice'); END
;
CREATE TRIGGER billing_pool_counts_twice_group_machine_insert AFTER INSERT ON booking_group_machine WHEN 
    EXISTS (SELECT 1 FROM billing_pool_scope) AND EXISTS (SELECT 1 FROM (
    SELECT pool.id AS pool_id, 0 AS scope_id, NULL AS group_id, NULL AS workshop_id, pool.machine_id AS machine_id,
        '1990-01-01' AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), '2100-01-01') AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, scope.id, scope.group_id, scope.workshop_id, counted.machine_id,
        scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), '2100-01-01')
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN (
    SELECT scope_id, machine_id FROM billing_pool_scope_machine
    UNION ALL SELECT scope.id, one.machine_id FROM billing_pool_scope AS scope
        JOIN booking_group_machine AS one ON one.group_id = scope.group_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        JOIN booking_machine AS one ON one.workshop_id = scope.workshop_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        CROSS JOIN booking_machine AS one WHERE scope.what = 'ring'
) AS counted ON counted.scope_id = scope.id
) AS one JOIN (
    SELECT pool.id AS pool_id, 0 AS scope_id, NULL AS group_id, NULL AS workshop_id, pool.machine_id AS machine_id,
        '1990-01-01' AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), '2100-01-01') AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, scope.id, scope.group_id, scope.workshop_id, counted.machine_id,
        scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), '2100-01-01')
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN (
    SELECT scope_id, machine_id FROM billing_pool_scope_machine
    UNION ALL SELECT scope.id, one.machine_id FROM billing_pool_scope AS scope
        JOIN booking_group_machine AS one ON one.group_id = scope.group_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        JOIN booking_machine AS one ON one.workshop_id = scope.workshop_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        CROSS JOIN booking_machine AS one WHERE scope.what = 'ring'
) AS counted ON counted.scope_id = scope.id
) AS other
        ON other.machine_id = one.machine_id AND other.pool_id <> one.pool_id
        AND one.since < other.until AND other.since < one.until WHERE one.group_id = NEW.group_id AND one.machine_id = NEW.machine_id)
 BEGIN SELECT RAISE(ABORT, 'billing_pool_counts_twice'); END
;
CREATE TRIGGER billing_pool_counts_twice_group_machine_update AFTER UPDATE OF group_id, machine_id ON booking_group_machine WHEN 
    EXISTS (SELECT 1 FROM billing_pool_scope) AND EXISTS (SELECT 1 FROM (
    SELECT pool.id AS pool_id, 0 AS scope_id, NULL AS group_id, NULL AS workshop_id, pool.machine_id AS machine_id,
        '1990-01-01' AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), '2100-01-01') AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, scope.id, scope.group_id, scope.workshop_id, counted.machine_id,
        scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), '2100-01-01')
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN (
    SELECT scope_id, machine_id FROM billing_pool_scope_machine
    UNION ALL SELECT scope.id, one.machine_id FROM billing_pool_scope AS scope
        JOIN booking_group_machine AS one ON one.group_id = scope.group_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        JOIN booking_machine AS one ON one.workshop_id = scope.workshop_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        CROSS JOIN booking_machine AS one WHERE scope.what = 'ring'
) AS counted ON counted.scope_id = scope.id
) AS one JOIN (
    SELECT pool.id AS pool_id, 0 AS scope_id, NULL AS group_id, NULL AS workshop_id, pool.machine_id AS machine_id,
        '1990-01-01' AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), '2100-01-01') AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, scope.id, scope.group_id, scope.workshop_id, counted.machine_id,
        scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), '2100-01-01')
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN (
    SELECT scope_id, machine_id FROM billing_pool_scope_machine
    UNION ALL SELECT scope.id, one.machine_id FROM billing_pool_scope AS scope
        JOIN booking_group_machine AS one ON one.group_id = scope.group_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        JOIN booking_machine AS one ON one.workshop_id = scope.workshop_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        CROSS JOIN booking_machine AS one WHERE scope.what = 'ring'
) AS counted ON counted.scope_id = scope.id
) AS other
        ON other.machine_id = one.machine_id AND other.pool_id <> one.pool_id
        AND one.since < other.until AND other.since < one.until WHERE one.group_id = NEW.group_id AND one.machine_id = NEW.machine_id)
 BEGIN SELECT RAISE(ABORT, 'billing_pool_counts_twice'); END
;
CREATE TRIGGER billing_pool_counts_twice_machine_insert AFTER INSERT ON booking_machine WHEN 
    EXISTS (SELECT 1 FROM billing_pool_scope) AND EXISTS (SELECT 1 FROM (
    SELECT pool.id AS pool_id, 0 AS scope_id, NULL AS group_id, NULL AS workshop_id, pool.machine_id AS machine_id,
        '1990-01-01' AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), '2100-01-01') AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, scope.id, scope.group_id, scope.workshop_id, counted.machine_id,
        scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), '2100-01-01')
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN (
    SELECT scope_id, machine_id FROM billing_pool_scope_machine
    UNION ALL SELECT scope.id, one.machine_id FROM billing_pool_scope AS scope
        JOIN booking_group_machine AS one ON one.group_id = scope.group_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        JOIN booking_machine AS one ON one.workshop_id = scope.workshop_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        CROSS JOIN booking_machine AS one WHERE scope.what = 'ring'
) AS counted ON counted.scope_id = scope.id
) AS one JOIN (
    SELECT pool.id AS pool_id, 0 AS scope_id, NULL AS group_id, NULL AS workshop_id, pool.machine_id AS machine_id,
        '1990-01-01' AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), '2100-01-01') AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, scope.id, scope.group_id, scope.workshop_id, counted.machine_id,
        scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), '2100-01-01')
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN (
    SELECT scope_id, machine_id FROM billing_pool_scope_machine
    UNION ALL SELECT scope.id, one.machine_id FROM billing_pool_scope AS scope
        JOIN booking_group_machine AS one ON one.group_id = scope.group_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        JOIN booking_machine AS one ON one.workshop_id = scope.workshop_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        CROSS JOIN booking_machine AS one WHERE scope.what = 'ring'
) AS counted ON counted.scope_id = scope.id
) AS other
        ON other.machine_id = one.machine_id AND other.pool_id <> one.pool_id
        AND one.since < other.until AND other.since < one.until WHERE one.workshop_id = NEW.workshop_id AND one.machine_id = NEW.id)
 BEGIN SELECT RAISE(ABORT, 'billing_pool_counts_twice'); END
;
CREATE TRIGGER billing_pool_counts_twice_machine_update AFTER UPDATE OF workshop_id ON booking_machine WHEN 
    EXISTS (SELECT 1 FROM billing_pool_scope) AND EXISTS (SELECT 1 FROM (
    SELECT pool.id AS pool_id, 0 AS scope_id, NULL AS group_id, NULL AS workshop_id, pool.machine_id AS machine_id,
        '1990-01-01' AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), '2100-01-01') AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, scope.id, scope.group_id, scope.workshop_id, counted.machine_id,
        scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), '2100-01-01')
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN (
    SELECT scope_id, machine_id FROM billing_pool_scope_machine
    UNION ALL SELECT scope.id, one.machine_id FROM billing_pool_scope AS scope
        JOIN booking_group_machine AS one ON one.group_id = scope.group_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        JOIN booking_machine AS one ON one.workshop_id = scope.workshop_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        CROSS JOIN booking_machine AS one WHERE scope.what = 'ring'
) AS counted ON counted.scope_id = scope.id
) AS one JOIN (
    SELECT pool.id AS pool_id, 0 AS scope_id, NULL AS group_id, NULL AS workshop_id, pool.machine_id AS machine_id,
        '1990-01-01' AS since, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope WHERE pool_id = pool.id), '2100-01-01') AS until
    FROM billing_pool AS pool WHERE pool.charges_are = 'advance'
    UNION ALL SELECT scope.pool_id, scope.id, scope.group_id, scope.workshop_id, counted.machine_id,
        scope.valid_from, coalesce(
        (SELECT min(valid_from) FROM billing_pool_scope
            WHERE pool_id = scope.pool_id AND valid_from > scope.valid_from), '2100-01-01')
    FROM billing_pool_scope AS scope
    JOIN billing_pool AS pool ON pool.id = scope.pool_id AND pool.charges_are = 'advance'
    JOIN (
    SELECT scope_id, machine_id FROM billing_pool_scope_machine
    UNION ALL SELECT scope.id, one.machine_id FROM billing_pool_scope AS scope
        JOIN booking_group_machine AS one ON one.group_id = scope.group_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        JOIN booking_machine AS one ON one.workshop_id = scope.workshop_id
    UNION ALL SELECT scope.id, one.id FROM billing_pool_scope AS scope
        CROSS JOIN booking_machine AS one WHERE scope.what = 'ring'
) AS counted ON counted.scope_id = scope.id
) AS other
        ON other.machine_id = one.machine_id AND other.pool_id <> one.pool_id
        AND one.since < other.until AND other.since < one.until WHERE one.workshop_id = NEW.workshop_id AND one.machine_id = NEW.id)
 BEGIN SELECT RAISE(ABORT, 'billing_pool_counts_twice'); END
;
CREATE TRIGGER billing_statement_to_come_insert BEFORE INSERT ON billing_document WHEN NEW.kind = 'statement' AND NEW.service_until > NEW.issued_on BEGIN SELECT RAISE(ABORT, 'billing_statement_to_come'); END
;
CREATE TRIGGER billing_meter_reading_entry_no_update BEFORE UPDATE ON billing_meter_reading_entry BEGIN SELECT RAISE(ABORT, 'billing_meter_reading_entry is append-only'); END
;
CREATE TRIGGER billing_meter_reading_entry_no_delete BEFORE DELETE ON billing_meter_reading_entry BEGIN SELECT RAISE(ABORT, 'billing_meter_reading_entry is append-only'); END
;
CREATE TRIGGER billing_meter_reading_entry_no_replace BEFORE INSERT ON billing_meter_reading_entry WHEN EXISTS (SELECT 1 FROM billing_meter_reading_entry WHERE meter_id = NEW.meter_id AND read_on = NEW.read_on AND number = NEW.number) BEGIN SELECT RAISE(ABORT, 'billing_meter_reading_entry is append-only'); END
;
CREATE TRIGGER billing_metered_allocation_no_update BEFORE UPDATE ON billing_metered_allocation BEGIN SELECT RAISE(ABORT, 'billing_metered_allocation is append-only'); END
;
CREATE TRIGGER billing_metered_allocation_no_delete BEFORE DELETE ON billing_metered_allocation BEGIN SELECT RAISE(ABORT, 'billing_metered_allocation is append-only'); END
;
CREATE TRIGGER billing_metered_allocation_no_replace BEFORE INSERT ON billing_metered_allocation WHEN EXISTS (SELECT 1 FROM billing_metered_allocation WHERE allocation_id = NEW.allocation_id) BEGIN SELECT RAISE(ABORT, 'billing_metered_allocation is append-only'); END
;
CREATE TRIGGER billing_meter_reading_used_insert BEFORE INSERT ON billing_meter_reading WHEN EXISTS (SELECT 1 FROM billing_meter
JOIN billing_allocation ON billing_allocation.pool_id = billing_meter.pool_id
JOIN billing_metered_allocation ON billing_metered_allocation.allocation_id = billing_allocation.id
WHERE billing_meter.id = NEW.meter_id AND billing_allocation.period_until >= NEW.read_on
  AND NOT EXISTS (SELECT 1 FROM billing_allocation AS mirror WHERE mirror.reverses_id = billing_allocation.id)
  AND NOT EXISTS (SELECT 1 FROM billing_meter_reading AS nearer WHERE nearer.meter_id = NEW.meter_id
    AND nearer.read_on > NEW.read_on AND nearer.read_on < billing_allocation.period_from)) BEGIN SELECT RAISE(ABORT, 'billing_meter_reading_used'); END
;
CREATE TRIGGER billing_meter_reading_used_change_update BEFORE UPDATE ON billing_meter_reading WHEN EXISTS (SELECT 1 FROM billing_meter
JOIN billing_allocation ON billing_allocation.pool_id = billing_meter.pool_id
JOIN billing_metered_allocation ON billing_metered_allocation.allocation_id = billing_allocation.id
WHERE billing_meter.id = OLD.meter_id AND billing_allocation.period_until >= OLD.read_on
  AND NOT EXISTS (SELECT 1 FROM billing_allocation AS mirror WHERE mirror.reverses_id = billing_allocation.id)
  AND NOT EXISTS (SELECT 1 FROM billing_meter_reading AS nearer WHERE nearer.meter_id = OLD.meter_id
    AND nearer.read_on > OLD.read_on AND nearer.read_on < billing_allocation.period_from)) OR EXISTS (SELECT 1 FROM billing_meter
JOIN billing_allocation ON billing_allocation.pool_id = billing_meter.pool_id
JOIN billing_metered_allocation ON billing_metered_allocation.allocation_id = billing_allocation.id
WHERE billing_meter.id = NEW.meter_id AND billing_allocation.period_until >= NEW.read_on
  AND NOT EXISTS (SELECT 1 FROM billing_allocation AS mirror WHERE mirror.reverses_id = billing_allocation.id)
  AND NOT EXISTS (SELECT 1 FROM billing_meter_reading AS nearer WHERE nearer.meter_id = NEW.meter_id
    AND nearer.read_on > NEW.read_on AND nearer.read_on < billing_allocation.period_from)) BEGIN SELECT RAISE(ABORT, 'billing_meter_reading_used_change'); END
;
CREATE TRIGGER billing_meter_reading_used_withdrawal_delete BEFORE DELETE ON billing_meter_reading WHEN EXISTS (SELECT 1 FROM billing_meter
JOIN billing_allocation ON billing_allocation.pool_id = billing_meter.pool_id
JOIN billing_metered_allocation ON billing_metered_allocation.allocation_id = billing_allocation.id
WHERE billing_meter.id = OLD.meter_id AND billing_allocation.period_until >= OLD.read_on
  AND NOT EXISTS (SELECT 1 FROM billing_allocation AS mirror WHERE mirror.reverses_id = billing_allocation.id)
  AND NOT EXISTS (SELECT 1 FROM billing_meter_reading AS nearer WHERE nearer.meter_id = OLD.meter_id
    AND nearer.read_on > OLD.read_on AND nearer.read_on < billing_allocation.period_from)) BEGIN SELECT RAISE(ABORT, 'billing_meter_reading_used_withdrawal'); END
;
CREATE TRIGGER billing_meter_reading_goes_up_without_delete BEFORE DELETE ON billing_meter_reading WHEN EXISTS (SELECT 1 FROM billing_meter_reading AS before_it, billing_meter_reading AS after_it
WHERE before_it.id = (SELECT one.id FROM billing_meter_reading AS one WHERE one.meter_id = OLD.meter_id
    AND one.read_on < OLD.read_on ORDER BY one.read_on DESC LIMIT 1)
  AND after_it.id = (SELECT one.id FROM billing_meter_reading AS one WHERE one.meter_id = OLD.meter_id
    AND one.read_on > OLD.read_on ORDER BY one.read_on LIMIT 1)
  AND after_it.reading < COALESCE(before_it.restart, before_it.reading)) BEGIN SELECT RAISE(ABORT, 'billing_meter_reading_goes_up_without'); END
;
CREATE TRIGGER billing_stock_move_as_its_fee_insert BEFORE INSERT ON billing_stock_move WHEN NEW.fee_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM billing_fee AS fee
WHERE fee.id = NEW.fee_id AND fee.kind = 'material' AND (fee.reverses_id IS NULL) = (NEW.kind = 'sale')
  AND CAST(ROUND(CAST(json_extract(fee.calculation, '$.quantity') AS REAL) * 1000) AS INTEGER) = ABS(NEW.quantity)) BEGIN SELECT RAISE(ABORT, 'billing_stock_move_as_its_fee'); END
;
CREATE TRIGGER billing_entry_mirrors_insert BEFORE INSERT ON billing_entry WHEN (NEW.reverses_id IS NOT NULL AND (
    NEW.lines <> (SELECT original.lines FROM billing_entry AS original WHERE original.id = NEW.reverses_id)
    OR NEW.lines <> (
        SELECT count(*) FROM billing_posting AS own JOIN billing_posting AS original
        ON original.entry_id = NEW.reverses_id AND original.number = own.number
        AND original.account_id = own.account_id AND original.cents = -own.cents
        AND coalesce(original.member_id, 0) = coalesce(own.member_id, 0)
        WHERE own.entry_id = NEW.id))) BEGIN SELECT RAISE(ABORT, 'billing_entry_mirrors'); END
;
CREATE TRIGGER billing_entry_sale_given_back_insert BEFORE INSERT ON billing_entry WHEN NEW.fee_id IS NOT NULL AND EXISTS (SELECT 1 FROM billing_fee AS fee JOIN billing_stock_move AS sale ON sale.fee_id = fee.reverses_id
WHERE fee.id = NEW.fee_id) AND NOT EXISTS (SELECT 1 FROM billing_stock_move AS back WHERE back.fee_id = NEW.fee_id) BEGIN SELECT RAISE(ABORT, 'billing_entry_sale_given_back'); END
;
CREATE TRIGGER billing_equity_move_no_update BEFORE UPDATE ON billing_equity_move BEGIN SELECT RAISE(ABORT, 'billing_equity_move is append-only'); END
;
CREATE TRIGGER billing_equity_move_no_delete BEFORE DELETE ON billing_equity_move BEGIN SELECT RAISE(ABORT, 'billing_equity_move is append-only'); END
;
CREATE TRIGGER billing_equity_move_no_replace BEFORE INSERT ON billing_equity_move WHEN EXISTS (SELECT 1 FROM billing_equity_move WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM billing_equity_move WHERE member_id = NEW.member_id AND number = NEW.number) OR EXISTS (SELECT 1 FROM billing_equity_move WHERE reverses_id = NEW.reverses_id) OR EXISTS (SELECT 1 FROM billing_equity_move WHERE form_key = NEW.form_key) BEGIN SELECT RAISE(ABORT, 'billing_equity_move is append-only'); END
;
CREATE TRIGGER billing_equity_statement_no_update BEFORE UPDATE ON billing_equity_statement BEGIN SELECT RAISE(ABORT, 'billing_equity_statement is append-only'); END
;
CREATE TRIGGER billing_equity_statement_no_delete BEFORE DELETE ON billing_equity_statement BEGIN SELECT RAISE(ABORT, 'billing_equity_statement is append-only'); END
;
CREATE TRIGGER billing_equity_statement_no_replace BEFORE INSERT ON billing_equity_statement WHEN EXISTS (SELECT 1 FROM billing_equity_statement WHERE move_id = NEW.move_id) OR EXISTS (SELECT 1 FROM billing_equity_statement WHERE document_id = NEW.document_id) BEGIN SELECT RAISE(ABORT, 'billing_equity_statement is append-only'); END
;
CREATE TRIGGER billing_equity_move_sum_insert BEFORE INSERT ON billing_equity_move WHEN (NEW.number <> coalesce((SELECT number FROM billing_equity_move WHERE member_id = NEW.member_id ORDER BY number DESC LIMIT 1), 0) + 1
OR NEW.held_cents <> coalesce((SELECT held_cents FROM billing_equity_move WHERE member_id = NEW.member_id ORDER BY number DESC LIMIT 1), 0)
  + CASE NEW.kind WHEN 'paid_in' THEN NEW.cents WHEN 'leaving' THEN -NEW.cents ELSE 0 END
OR NEW.left_cents <> coalesce((SELECT left_cents FROM billing_equity_move WHERE member_id = NEW.member_id ORDER BY number DESC LIMIT 1), 0)
  + CASE NEW.kind WHEN 'leaving' THEN NEW.cents WHEN 'set_off' THEN -NEW.cents ELSE 0 END) BEGIN SELECT RAISE(ABORT, 'billing_equity_move_sum'); END
;
CREATE TRIGGER billing_equity_move_mirrors_insert BEFORE INSERT ON billing_equity_move WHEN NEW.reverses_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM billing_equity_move AS original
WHERE original.id = NEW.reverses_id AND original.reverses_id IS NULL AND original.member_id = NEW.member_id
  AND original.kind = NEW.kind AND original.day = NEW.day AND original.cents = -NEW.cents) BEGIN SELECT RAISE(ABORT, 'billing_equity_move_mirrors'); END
;
CREATE TRIGGER billing_equity_move_left_insert BEFORE INSERT ON billing_equity_move WHEN NEW.reverses_id IS NULL AND NEW.kind IN ('leaving', 'set_off') AND NOT EXISTS (
SELECT 1 FROM booking_member AS member WHERE member.id = NEW.member_id AND member.left_on IS NOT NULL
  AND (member.left_on < NEW.day OR NEW.kind = 'leaving' AND member.left_on = NEW.day)) BEGIN SELECT RAISE(ABORT, 'billing_equity_move_left'); END
;
CREATE TRIGGER billing_equity_move_to_come_insert BEFORE INSERT ON billing_equity_move WHEN NEW.day > date(NEW.made_at, '+1 day') BEGIN SELECT RAISE(ABORT, 'billing_equity_move_to_come'); END
;
CREATE TRIGGER billing_entry_no_replace BEFORE INSERT ON billing_entry WHEN EXISTS (SELECT 1 FROM billing_entry WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM billing_entry WHERE charge_id = NEW.charge_id) OR EXISTS (SELECT 1 FROM billing_entry WHERE allocation_id = NEW.allocation_id) OR EXISTS (SELECT 1 FROM billing_entry WHERE advance_id = NEW.advance_id) OR EXISTS (SELECT 1 FROM billing_entry WHERE reverses_id = NEW.reverses_id) OR EXISTS (SELECT 1 FROM billing_entry WHERE fee_id = NEW.fee_id) OR EXISTS (SELECT 1 FROM billing_entry WHERE equity_id = NEW.equity_id) BEGIN SELECT RAISE(ABORT, 'billing_entry is append-only'); END
;
CREATE TRIGGER billing_entry_of_equity_insert BEFORE INSERT ON billing_entry WHEN (NEW.equity_id IS NOT NULL AND (NEW.lines <> 2 OR 2 <> (
SELECT count(*) FROM billing_posting AS line JOIN billing_account AS account ON account.id = line.account_id
JOIN billing_equity_move AS move ON move.id = NEW.equity_id WHERE line.entry_id = NEW.id AND (
  line.cents = move.cents AND line.member_id IS NULL AND account.code = CASE move.kind
    WHEN 'paid_in' THEN 'opening_balances' WHEN 'leaving' THEN 'equity' ELSE 'equity_left' END
  OR line.cents = -move.cents AND account.code = CASE move.kind
    WHEN 'paid_in' THEN 'equity' WHEN 'leaving' THEN 'equity_left' ELSE 'receivables' END
  AND coalesce(line.member_id, 0) = CASE move.kind WHEN 'set_off' THEN move.member_id ELSE 0 END)))) BEGIN SELECT RAISE(ABORT, 'billing_entry_of_equity'); END
;
CREATE TRIGGER billing_entry_not_owed_insert BEFORE INSERT ON billing_entry WHEN NEW.equity_id IS NOT NULL AND EXISTS (SELECT 1 FROM billing_equity_move AS move
JOIN billing_balance AS balance ON balance.member_id = move.member_id
WHERE move.id = NEW.equity_id AND move.kind = 'set_off' AND move.cents > 0 AND balance.cents < 0) BEGIN SELECT RAISE(ABORT, 'billing_entry_not_owed'); END
;
CREATE TRIGGER billing_balance_add AFTER INSERT ON billing_posting WHEN NEW.member_id IS NOT NULL BEGIN INSERT INTO billing_balance (member_id, cents, lines, invoiced_cents)
    VALUES (NEW.member_id, NEW.cents, 1, CASE NEW.topic WHEN 'set_off' THEN NEW.cents ELSE 0 END)
    ON CONFLICT (member_id) DO UPDATE SET cents = billing_balance.cents + excluded.cents,
    lines = billing_balance.lines + 1, invoiced_cents = billing_balance.invoiced_cents + excluded.invoiced_cents; END
;
CREATE TRIGGER billing_uninvoiced_posted AFTER INSERT ON billing_posting WHEN NEW.member_id IS NOT NULL AND NEW.topic <> 'set_off' BEGIN INSERT INTO billing_uninvoiced (entry_id, posting_number, member_id)
    VALUES (NEW.entry_id, NEW.number, NEW.member_id); END
;
CREATE TRIGGER billing_month_add AFTER INSERT ON billing_entry BEGIN INSERT INTO billing_account_month (account_id, month, debit_cents, credit_cents, lines) SELECT posting.account_id, date(NEW.posting_date, 'start of month'), sum(CASE WHEN posting.cents > 0 THEN posting.cents ELSE 0 END),
    sum(CASE WHEN posting.cents < 0 THEN -posting.cents ELSE 0 END), count(*)
    FROM billing_posting AS posting WHERE posting.entry_id = NEW.id GROUP BY posting.account_id
    ON CONFLICT (account_id, month) DO UPDATE SET
    debit_cents = billing_account_month.debit_cents + excluded.debit_cents,
    credit_cents = billing_account_month.credit_cents + excluded.credit_cents,
    lines = billing_account_month.lines + excluded.lines;
    INSERT INTO billing_member_month (member_id, month, topic, cents, lines) SELECT posting.member_id, date(NEW.posting_date, 'start of month'), posting.topic, sum(posting.cents), count(*)
    FROM billing_posting AS posting WHERE posting.entry_id = NEW.id AND posting.member_id IS NOT NULL
    GROUP BY posting.member_id, posting.topic
    ON CONFLICT (member_id, month, topic) DO UPDATE SET
    cents = billing_member_month.cents + excluded.cents, lines = billing_member_month.lines + excluded.lines; END
;
CREATE TRIGGER "api_idempotency_record_texts_INSERT" BEFORE INSERT ON "api_idempotency_record" WHEN instr(NEW."key", char(0)) OR instr(NEW."request_hash", char(0)) OR instr(NEW."body", char(0)) OR instr(NEW."headers", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of api_idempotency_record holds NUL'); END
;
CREATE TRIGGER "api_idempotency_record_texts_UPDATE" BEFORE UPDATE OF "key", "request_hash", "body", "headers" ON "api_idempotency_record" WHEN (NEW."key" IS NOT OLD."key" AND instr(NEW."key", char(0))) OR (NEW."request_hash" IS NOT OLD."request_hash" AND instr(NEW."request_hash", char(0))) OR (NEW."body" IS NOT OLD."body" AND instr(NEW."body", char(0))) OR (NEW."headers" IS NOT OLD."headers" AND instr(NEW."headers", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of api_idempotency_record holds NUL'); END
;
CREATE TRIGGER "auth_api_token_texts_INSERT" BEFORE INSERT ON "auth_api_token" WHEN instr(NEW."token_hash", char(0)) OR instr(NEW."label", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of auth_api_token holds NUL'); END
;
CREATE TRIGGER "auth_api_token_texts_UPDATE" BEFORE UPDATE OF "token_hash", "label" ON "auth_api_token" WHEN (NEW."token_hash" IS NOT OLD."token_hash" AND instr(NEW."token_hash", char(0))) OR (NEW."label" IS NOT OLD."label" AND instr(NEW."label", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of auth_api_token holds NUL'); END
;
CREATE TRIGGER "auth_attempts_texts_INSERT" BEFORE INSERT ON "auth_attempts" WHEN instr(NEW."kind", char(0)) OR instr(NEW."email_hash", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of auth_attempts holds NUL'); END
;
CREATE TRIGGER "auth_attempts_texts_UPDATE" BEFORE UPDATE OF "kind", "email_hash" ON "auth_attempts" WHEN (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0))) OR (NEW."email_hash" IS NOT OLD."email_hash" AND instr(NEW."email_hash", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of auth_attempts holds NUL'); END
;
CREATE TRIGGER "auth_login_rate_texts_INSERT" BEFORE INSERT ON "auth_login_rate" WHEN instr(NEW."key_hash", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of auth_login_rate holds NUL'); END
;
CREATE TRIGGER "auth_login_rate_texts_UPDATE" BEFORE UPDATE OF "key_hash" ON "auth_login_rate" WHEN (NEW."key_hash" IS NOT OLD."key_hash" AND instr(NEW."key_hash", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of auth_login_rate holds NUL'); END
;
CREATE TRIGGER "auth_one_use_token_texts_INSERT" BEFORE INSERT ON "auth_one_use_token" WHEN instr(NEW."token_hash", char(0)) OR instr(NEW."purpose", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of auth_one_use_token holds NUL'); END
;
CREATE TRIGGER "auth_one_use_token_texts_UPDATE" BEFORE UPDATE OF "token_hash", "purpose" ON "auth_one_use_token" WHEN (NEW."token_hash" IS NOT OLD."token_hash" AND instr(NEW."token_hash", char(0))) OR (NEW."purpose" IS NOT OLD."purpose" AND instr(NEW."purpose", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of auth_one_use_token holds NUL'); END
;
CREATE TRIGGER "auth_pending_login_texts_INSERT" BEFORE INSERT ON "auth_pending_login" WHEN instr(NEW."token_hash", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of auth_pending_login holds NUL'); END
;
CREATE TRIGGER "auth_pending_login_texts_UPDATE" BEFORE UPDATE OF "token_hash" ON "auth_pending_login" WHEN (NEW."token_hash" IS NOT OLD."token_hash" AND instr(NEW."token_hash", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of auth_pending_login holds NUL'); END
;
CREATE TRIGGER "auth_recovery_code_texts_INSERT" BEFORE INSERT ON "auth_recovery_code" WHEN instr(NEW."code_hash", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of auth_recovery_code holds NUL'); END
;
CREATE TRIGGER "auth_recovery_code_texts_UPDATE" BEFORE UPDATE OF "code_hash" ON "auth_recovery_code" WHEN (NEW."code_hash" IS NOT OLD."code_hash" AND instr(NEW."code_hash", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of auth_recovery_code holds NUL'); END
;
CREATE TRIGGER "auth_second_factor_texts_INSERT" BEFORE INSERT ON "auth_second_factor" WHEN instr(NEW."secret", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of auth_second_factor holds NUL'); END
;
CREATE TRIGGER "auth_second_factor_texts_UPDATE" BEFORE UPDATE OF "secret" ON "auth_second_factor" WHEN (NEW."secret" IS NOT OLD."secret" AND instr(NEW."secret", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of auth_second_factor holds NUL'); END
;
CREATE TRIGGER "auth_security_entry_texts_INSERT" BEFORE INSERT ON "auth_security_entry" WHEN instr(NEW."kind", char(0)) OR instr(NEW."network", char(0)) OR instr(NEW."file", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of auth_security_entry holds NUL'); END
;
CREATE TRIGGER "auth_security_entry_texts_UPDATE" BEFORE UPDATE OF "kind", "network", "file" ON "auth_security_entry" WHEN (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0))) OR (NEW."network" IS NOT OLD."network" AND instr(NEW."network", char(0))) OR (NEW."file" IS NOT OLD."file" AND instr(NEW."file", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of auth_security_entry holds NUL'); END
;
CREATE TRIGGER "auth_session_texts_INSERT" BEFORE INSERT ON "auth_session" WHEN instr(NEW."token_hash", char(0)) OR instr(NEW."device", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of auth_session holds NUL'); END
;
CREATE TRIGGER "auth_session_texts_UPDATE" BEFORE UPDATE OF "token_hash", "device" ON "auth_session" WHEN (NEW."token_hash" IS NOT OLD."token_hash" AND instr(NEW."token_hash", char(0))) OR (NEW."device" IS NOT OLD."device" AND instr(NEW."device", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of auth_session holds NUL'); END
;
CREATE TRIGGER "auth_shown_once_texts_INSERT" BEFORE INSERT ON "auth_shown_once" WHEN instr(NEW."kind", char(0)) OR instr(NEW."secret", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of auth_shown_once holds NUL'); END
;
CREATE TRIGGER "auth_shown_once_texts_UPDATE" BEFORE UPDATE OF "kind", "secret" ON "auth_shown_once" WHEN (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0))) OR (NEW."secret" IS NOT OLD."secret" AND instr(NEW."secret", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of auth_shown_once holds NUL'); END
;
CREATE TRIGGER "auth_user_texts_INSERT" BEFORE INSERT ON "auth_user" WHEN instr(NEW."email", char(0)) OR instr(NEW."name", char(0)) OR instr(NEW."password_hash", char(0)) OR instr(NEW."language", char(0)) OR instr(NEW."theme", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of auth_user holds NUL'); END
;
CREATE TRIGGER "auth_user_texts_UPDATE" BEFORE UPDATE OF "email", "name", "password_hash", "language", "theme" ON "auth_user" WHEN (NEW."email" IS NOT OLD."email" AND instr(NEW."email", char(0))) OR (NEW."name" IS NOT OLD."name" AND instr(NEW."name", char(0))) OR (NEW."password_hash" IS NOT OLD."password_hash" AND instr(NEW."password_hash", char(0))) OR (NEW."language" IS NOT OLD."language" AND instr(NEW."language", char(0))) OR (NEW."theme" IS NOT OLD."theme" AND instr(NEW."theme", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of auth_user holds NUL'); END
;
CREATE TRIGGER "auth_wall_screen_texts_INSERT" BEFORE INSERT ON "auth_wall_screen" WHEN instr(NEW."token_hash", char(0)) OR instr(NEW."label", char(0)) OR instr(NEW."language", char(0)) OR instr(NEW."theme", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of auth_wall_screen holds NUL'); END
;
CREATE TRIGGER "auth_wall_screen_texts_UPDATE" BEFORE UPDATE OF "token_hash", "label", "language", "theme" ON "auth_wall_screen" WHEN (NEW."token_hash" IS NOT OLD."token_hash" AND instr(NEW."token_hash", char(0))) OR (NEW."label" IS NOT OLD."label" AND instr(NEW."label", char(0))) OR (NEW."language" IS NOT OLD."language" AND instr(NEW."language", char(0))) OR (NEW."theme" IS NOT OLD."theme" AND instr(NEW."theme", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of auth_wall_screen holds NUL'); END
;
CREATE TRIGGER "background_task_texts_INSERT" BEFORE INSERT ON "background_task" WHEN instr(NEW."endpoint", char(0)) OR instr(NEW."method", char(0)) OR instr(NEW."address", char(0)) OR instr(NEW."script_root", char(0)) OR instr(NEW."language", char(0)) OR instr(NEW."state", char(0)) OR instr(NEW."holder", char(0)) OR instr(NEW."location", char(0)) OR instr(NEW."media_type", char(0)) OR instr(NEW."file_name", char(0)) OR instr(NEW."csrf_token", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of background_task holds NUL'); END
;
CREATE TRIGGER "background_task_texts_UPDATE" BEFORE UPDATE OF "endpoint", "method", "address", "script_root", "language", "state", "holder", "location", "media_type", "file_name", "csrf_token" ON "background_task" WHEN (NEW."endpoint" IS NOT OLD."endpoint" AND instr(NEW."endpoint", char(0))) OR (NEW."method" IS NOT OLD."method" AND instr(NEW."method", char(0))) OR (NEW."address" IS NOT OLD."address" AND instr(NEW."address", char(0))) OR (NEW."script_root" IS NOT OLD."script_root" AND instr(NEW."script_root", char(0))) OR (NEW."language" IS NOT OLD."language" AND instr(NEW."language", char(0))) OR (NEW."state" IS NOT OLD."state" AND instr(NEW."state", char(0))) OR (NEW."holder" IS NOT OLD."holder" AND instr(NEW."holder", char(0))) OR (NEW."location" IS NOT OLD."location" AND instr(NEW."location", char(0))) OR (NEW."media_type" IS NOT OLD."media_type" AND instr(NEW."media_type", char(0))) OR (NEW."file_name" IS NOT OLD."file_name" AND instr(NEW."file_name", char(0))) OR (NEW."csrf_token" IS NOT OLD."csrf_token" AND instr(NEW."csrf_token", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of background_task holds NUL'); END
;
CREATE TRIGGER "billing_account_texts_INSERT" BEFORE INSERT ON "billing_account" WHEN instr(NEW."code", char(0)) OR instr(NEW."kind", char(0)) OR instr(NEW."skr03", char(0)) OR instr(NEW."skr04", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_account holds NUL'); END
;
CREATE TRIGGER "billing_account_texts_UPDATE" BEFORE UPDATE OF "code", "kind", "skr03", "skr04" ON "billing_account" WHEN (NEW."code" IS NOT OLD."code" AND instr(NEW."code", char(0))) OR (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0))) OR (NEW."skr03" IS NOT OLD."skr03" AND instr(NEW."skr03", char(0))) OR (NEW."skr04" IS NOT OLD."skr04" AND instr(NEW."skr04", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_account holds NUL'); END
;
CREATE TRIGGER "billing_advance_texts_INSERT" BEFORE INSERT ON "billing_advance" WHEN instr(NEW."note", char(0)) OR instr(NEW."form_key", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_advance holds NUL'); END
;
CREATE TRIGGER "billing_advance_texts_UPDATE" BEFORE UPDATE OF "note", "form_key" ON "billing_advance" WHEN (NEW."note" IS NOT OLD."note" AND instr(NEW."note", char(0))) OR (NEW."form_key" IS NOT OLD."form_key" AND instr(NEW."form_key", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_advance holds NUL'); END
;
CREATE TRIGGER "billing_allocation_texts_INSERT" BEFORE INSERT ON "billing_allocation" WHEN instr(NEW."note", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_allocation holds NUL'); END
;
CREATE TRIGGER "billing_allocation_texts_UPDATE" BEFORE UPDATE OF "note" ON "billing_allocation" WHEN (NEW."note" IS NOT OLD."note" AND instr(NEW."note", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_allocation holds NUL'); END
;
CREATE TRIGGER "billing_allocation_cost_texts_INSERT" BEFORE INSERT ON "billing_allocation_cost" WHEN instr(NEW."supplier", char(0)) OR instr(NEW."kind", char(0)) OR instr(NEW."document", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_allocation_cost holds NUL'); END
;
CREATE TRIGGER "billing_allocation_cost_texts_UPDATE" BEFORE UPDATE OF "supplier", "kind", "document" ON "billing_allocation_cost" WHEN (NEW."supplier" IS NOT OLD."supplier" AND instr(NEW."supplier", char(0))) OR (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0))) OR (NEW."document" IS NOT OLD."document" AND instr(NEW."document", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_allocation_cost holds NUL'); END
;
CREATE TRIGGER "billing_budget_texts_INSERT" BEFORE INSERT ON "billing_budget" WHEN instr(NEW."kind", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_budget holds NUL'); END
;
CREATE TRIGGER "billing_budget_texts_UPDATE" BEFORE UPDATE OF "kind" ON "billing_budget" WHEN (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_budget holds NUL'); END
;
CREATE TRIGGER "billing_charge_texts_INSERT" BEFORE INSERT ON "billing_charge" WHEN instr(NEW."price_class", char(0)) OR instr(NEW."charge_unit", char(0)) OR instr(NEW."tax_code", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_charge holds NUL'); END
;
CREATE TRIGGER "billing_charge_texts_UPDATE" BEFORE UPDATE OF "price_class", "charge_unit", "tax_code" ON "billing_charge" WHEN (NEW."price_class" IS NOT OLD."price_class" AND instr(NEW."price_class", char(0))) OR (NEW."charge_unit" IS NOT OLD."charge_unit" AND instr(NEW."charge_unit", char(0))) OR (NEW."tax_code" IS NOT OLD."tax_code" AND instr(NEW."tax_code", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_charge holds NUL'); END
;
CREATE TRIGGER "billing_cost_texts_INSERT" BEFORE INSERT ON "billing_cost" WHEN instr(NEW."supplier", char(0)) OR instr(NEW."kind", char(0)) OR instr(NEW."document", char(0)) OR instr(NEW."note", char(0)) OR instr(NEW."tax_code", char(0)) OR instr(NEW."form_key", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_cost holds NUL'); END
;
CREATE TRIGGER "billing_cost_texts_UPDATE" BEFORE UPDATE OF "supplier", "kind", "document", "note", "tax_code", "form_key" ON "billing_cost" WHEN (NEW."supplier" IS NOT OLD."supplier" AND instr(NEW."supplier", char(0))) OR (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0))) OR (NEW."document" IS NOT OLD."document" AND instr(NEW."document", char(0))) OR (NEW."note" IS NOT OLD."note" AND instr(NEW."note", char(0))) OR (NEW."tax_code" IS NOT OLD."tax_code" AND instr(NEW."tax_code", char(0))) OR (NEW."form_key" IS NOT OLD."form_key" AND instr(NEW."form_key", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_cost holds NUL'); END
;
CREATE TRIGGER "billing_cost_group_texts_INSERT" BEFORE INSERT ON "billing_cost_group" WHEN instr(NEW."key", char(0)) OR instr(NEW."charge_unit", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_cost_group holds NUL'); END
;
CREATE TRIGGER "billing_cost_group_texts_UPDATE" BEFORE UPDATE OF "key", "charge_unit" ON "billing_cost_group" WHEN (NEW."key" IS NOT OLD."key" AND instr(NEW."key", char(0))) OR (NEW."charge_unit" IS NOT OLD."charge_unit" AND instr(NEW."charge_unit", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_cost_group holds NUL'); END
;
CREATE TRIGGER "billing_datev_terms_texts_INSERT" BEFORE INSERT ON "billing_datev_terms" WHEN instr(NEW."standard_key", char(0)) OR instr(NEW."reduced_key", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_datev_terms holds NUL'); END
;
CREATE TRIGGER "billing_datev_terms_texts_UPDATE" BEFORE UPDATE OF "standard_key", "reduced_key" ON "billing_datev_terms" WHEN (NEW."standard_key" IS NOT OLD."standard_key" AND instr(NEW."standard_key", char(0))) OR (NEW."reduced_key" IS NOT OLD."reduced_key" AND instr(NEW."reduced_key", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_datev_terms holds NUL'); END
;
CREATE TRIGGER "billing_document_texts_INSERT" BEFORE INSERT ON "billing_document" WHEN instr(NEW."kind", char(0)) OR instr(NEW."series", char(0)) OR instr(NEW."number", char(0)) OR instr(NEW."sha256", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_document holds NUL'); END
;
CREATE TRIGGER "billing_document_texts_UPDATE" BEFORE UPDATE OF "kind", "series", "number", "sha256" ON "billing_document" WHEN (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0))) OR (NEW."series" IS NOT OLD."series" AND instr(NEW."series", char(0))) OR (NEW."number" IS NOT OLD."number" AND instr(NEW."number", char(0))) OR (NEW."sha256" IS NOT OLD."sha256" AND instr(NEW."sha256", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_document holds NUL'); END
;
CREATE TRIGGER "billing_document_failed_texts_INSERT" BEFORE INSERT ON "billing_document_failed" WHEN instr(NEW."reason", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_document_failed holds NUL'); END
;
CREATE TRIGGER "billing_document_failed_texts_UPDATE" BEFORE UPDATE OF "reason" ON "billing_document_failed" WHEN (NEW."reason" IS NOT OLD."reason" AND instr(NEW."reason", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_document_failed holds NUL'); END
;
CREATE TRIGGER "billing_document_file_texts_INSERT" BEFORE INSERT ON "billing_document_file" WHEN instr(NEW."sha256", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_document_file holds NUL'); END
;
CREATE TRIGGER "billing_document_file_texts_UPDATE" BEFORE UPDATE OF "sha256" ON "billing_document_file" WHEN (NEW."sha256" IS NOT OLD."sha256" AND instr(NEW."sha256", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_document_file holds NUL'); END
;
CREATE TRIGGER "billing_document_line_texts_INSERT" BEFORE INSERT ON "billing_document_line" WHEN instr(NEW."text", char(0)) OR instr(NEW."detail", char(0)) OR instr(NEW."quantity", char(0)) OR instr(NEW."unit", char(0)) OR instr(NEW."category", char(0)) OR instr(NEW."reason", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_document_line holds NUL'); END
;
CREATE TRIGGER "billing_document_line_texts_UPDATE" BEFORE UPDATE OF "text", "detail", "quantity", "unit", "category", "reason" ON "billing_document_line" WHEN (NEW."text" IS NOT OLD."text" AND instr(NEW."text", char(0))) OR (NEW."detail" IS NOT OLD."detail" AND instr(NEW."detail", char(0))) OR (NEW."quantity" IS NOT OLD."quantity" AND instr(NEW."quantity", char(0))) OR (NEW."unit" IS NOT OLD."unit" AND instr(NEW."unit", char(0))) OR (NEW."category" IS NOT OLD."category" AND instr(NEW."category", char(0))) OR (NEW."reason" IS NOT OLD."reason" AND instr(NEW."reason", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_document_line holds NUL'); END
;
CREATE TRIGGER "billing_document_run_texts_INSERT" BEFORE INSERT ON "billing_document_run" WHEN instr(NEW."kind", char(0)) OR instr(NEW."seen", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_document_run holds NUL'); END
;
CREATE TRIGGER "billing_document_run_texts_UPDATE" BEFORE UPDATE OF "kind", "seen" ON "billing_document_run" WHEN (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0))) OR (NEW."seen" IS NOT OLD."seen" AND instr(NEW."seen", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_document_run holds NUL'); END
;
CREATE TRIGGER "billing_document_run_member_texts_INSERT" BEFORE INSERT ON "billing_document_run_member" WHEN instr(NEW."seen", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_document_run_member holds NUL'); END
;
CREATE TRIGGER "billing_document_run_member_texts_UPDATE" BEFORE UPDATE OF "seen" ON "billing_document_run_member" WHEN (NEW."seen" IS NOT OLD."seen" AND instr(NEW."seen", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_document_run_member holds NUL'); END
;
CREATE TRIGGER "billing_document_sending_texts_INSERT" BEFORE INSERT ON "billing_document_sending" WHEN instr(NEW."way", char(0)) OR instr(NEW."to_address", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_document_sending holds NUL'); END
;
CREATE TRIGGER "billing_document_sending_texts_UPDATE" BEFORE UPDATE OF "way", "to_address" ON "billing_document_sending" WHEN (NEW."way" IS NOT OLD."way" AND instr(NEW."way", char(0))) OR (NEW."to_address" IS NOT OLD."to_address" AND instr(NEW."to_address", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_document_sending holds NUL'); END
;
CREATE TRIGGER "billing_document_terms_texts_INSERT" BEFORE INSERT ON "billing_document_terms" WHEN instr(NEW."intro", char(0)) OR instr(NEW."mail_text", char(0)) OR instr(NEW."use_code", char(0)) OR instr(NEW."share_code", char(0)) OR instr(NEW."advance_code", char(0)) OR instr(NEW."other_code", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_document_terms holds NUL'); END
;
CREATE TRIGGER "billing_document_terms_texts_UPDATE" BEFORE UPDATE OF "intro", "mail_text", "use_code", "share_code", "advance_code", "other_code" ON "billing_document_terms" WHEN (NEW."intro" IS NOT OLD."intro" AND instr(NEW."intro", char(0))) OR (NEW."mail_text" IS NOT OLD."mail_text" AND instr(NEW."mail_text", char(0))) OR (NEW."use_code" IS NOT OLD."use_code" AND instr(NEW."use_code", char(0))) OR (NEW."share_code" IS NOT OLD."share_code" AND instr(NEW."share_code", char(0))) OR (NEW."advance_code" IS NOT OLD."advance_code" AND instr(NEW."advance_code", char(0))) OR (NEW."other_code" IS NOT OLD."other_code" AND instr(NEW."other_code", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_document_terms holds NUL'); END
;
CREATE TRIGGER "billing_document_vat_texts_INSERT" BEFORE INSERT ON "billing_document_vat" WHEN instr(NEW."category", char(0)) OR instr(NEW."reason", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_document_vat holds NUL'); END
;
CREATE TRIGGER "billing_document_vat_texts_UPDATE" BEFORE UPDATE OF "category", "reason" ON "billing_document_vat" WHEN (NEW."category" IS NOT OLD."category" AND instr(NEW."category", char(0))) OR (NEW."reason" IS NOT OLD."reason" AND instr(NEW."reason", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_document_vat holds NUL'); END
;
CREATE TRIGGER "billing_entry_texts_INSERT" BEFORE INSERT ON "billing_entry" WHEN instr(NEW."sha256", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_entry holds NUL'); END
;
CREATE TRIGGER "billing_entry_texts_UPDATE" BEFORE UPDATE OF "sha256" ON "billing_entry" WHEN (NEW."sha256" IS NOT OLD."sha256" AND instr(NEW."sha256", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_entry holds NUL'); END
;
CREATE TRIGGER "billing_equity_move_texts_INSERT" BEFORE INSERT ON "billing_equity_move" WHEN instr(NEW."kind", char(0)) OR instr(NEW."note", char(0)) OR instr(NEW."form_key", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_equity_move holds NUL'); END
;
CREATE TRIGGER "billing_equity_move_texts_UPDATE" BEFORE UPDATE OF "kind", "note", "form_key" ON "billing_equity_move" WHEN (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0))) OR (NEW."note" IS NOT OLD."note" AND instr(NEW."note", char(0))) OR (NEW."form_key" IS NOT OLD."form_key" AND instr(NEW."form_key", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_equity_move holds NUL'); END
;
CREATE TRIGGER "billing_export_texts_INSERT" BEFORE INSERT ON "billing_export" WHEN instr(NEW."kind", char(0)) OR instr(NEW."file_name", char(0)) OR instr(NEW."sha256", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_export holds NUL'); END
;
CREATE TRIGGER "billing_export_texts_UPDATE" BEFORE UPDATE OF "kind", "file_name", "sha256" ON "billing_export" WHEN (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0))) OR (NEW."file_name" IS NOT OLD."file_name" AND instr(NEW."file_name", char(0))) OR (NEW."sha256" IS NOT OLD."sha256" AND instr(NEW."sha256", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_export holds NUL'); END
;
CREATE TRIGGER "billing_export_entry_texts_INSERT" BEFORE INSERT ON "billing_export_entry" WHEN instr(NEW."kind", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_export_entry holds NUL'); END
;
CREATE TRIGGER "billing_export_entry_texts_UPDATE" BEFORE UPDATE OF "kind" ON "billing_export_entry" WHEN (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_export_entry holds NUL'); END
;
CREATE TRIGGER "billing_fee_texts_INSERT" BEFORE INSERT ON "billing_fee" WHEN instr(NEW."kind", char(0)) OR instr(NEW."text", char(0)) OR instr(NEW."tax_code", char(0)) OR instr(NEW."form_key", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_fee holds NUL'); END
;
CREATE TRIGGER "billing_fee_texts_UPDATE" BEFORE UPDATE OF "kind", "text", "tax_code", "form_key" ON "billing_fee" WHEN (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0))) OR (NEW."text" IS NOT OLD."text" AND instr(NEW."text", char(0))) OR (NEW."tax_code" IS NOT OLD."tax_code" AND instr(NEW."tax_code", char(0))) OR (NEW."form_key" IS NOT OLD."form_key" AND instr(NEW."form_key", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_fee holds NUL'); END
;
CREATE TRIGGER "billing_ledger_texts_INSERT" BEFORE INSERT ON "billing_ledger" WHEN instr(NEW."state", char(0)) OR instr(NEW."chart", char(0)) OR instr(NEW."period_length", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_ledger holds NUL'); END
;
CREATE TRIGGER "billing_ledger_texts_UPDATE" BEFORE UPDATE OF "state", "chart", "period_length" ON "billing_ledger" WHEN (NEW."state" IS NOT OLD."state" AND instr(NEW."state", char(0))) OR (NEW."chart" IS NOT OLD."chart" AND instr(NEW."chart", char(0))) OR (NEW."period_length" IS NOT OLD."period_length" AND instr(NEW."period_length", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_ledger holds NUL'); END
;
CREATE TRIGGER "billing_machine_cost_texts_INSERT" BEFORE INSERT ON "billing_machine_cost" WHEN instr(NEW."charge_unit", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_machine_cost holds NUL'); END
;
CREATE TRIGGER "billing_machine_cost_texts_UPDATE" BEFORE UPDATE OF "charge_unit" ON "billing_machine_cost" WHEN (NEW."charge_unit" IS NOT OLD."charge_unit" AND instr(NEW."charge_unit", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_machine_cost holds NUL'); END
;
CREATE TRIGGER "billing_material_texts_INSERT" BEFORE INSERT ON "billing_material" WHEN instr(NEW."name", char(0)) OR instr(NEW."unit", char(0)) OR instr(NEW."tax_code", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_material holds NUL'); END
;
CREATE TRIGGER "billing_material_texts_UPDATE" BEFORE UPDATE OF "name", "unit", "tax_code" ON "billing_material" WHEN (NEW."name" IS NOT OLD."name" AND instr(NEW."name", char(0))) OR (NEW."unit" IS NOT OLD."unit" AND instr(NEW."unit", char(0))) OR (NEW."tax_code" IS NOT OLD."tax_code" AND instr(NEW."tax_code", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_material holds NUL'); END
;
CREATE TRIGGER "billing_member_month_texts_INSERT" BEFORE INSERT ON "billing_member_month" WHEN instr(NEW."topic", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_member_month holds NUL'); END
;
CREATE TRIGGER "billing_member_month_texts_UPDATE" BEFORE UPDATE OF "topic" ON "billing_member_month" WHEN (NEW."topic" IS NOT OLD."topic" AND instr(NEW."topic", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_member_month holds NUL'); END
;
CREATE TRIGGER "billing_meter_texts_INSERT" BEFORE INSERT ON "billing_meter" WHEN instr(NEW."name", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_meter holds NUL'); END
;
CREATE TRIGGER "billing_meter_texts_UPDATE" BEFORE UPDATE OF "name" ON "billing_meter" WHEN (NEW."name" IS NOT OLD."name" AND instr(NEW."name", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_meter holds NUL'); END
;
CREATE TRIGGER "billing_missed_texts_INSERT" BEFORE INSERT ON "billing_missed" WHEN instr(NEW."kind", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_missed holds NUL'); END
;
CREATE TRIGGER "billing_missed_texts_UPDATE" BEFORE UPDATE OF "kind" ON "billing_missed" WHEN (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_missed holds NUL'); END
;
CREATE TRIGGER "billing_number_texts_INSERT" BEFORE INSERT ON "billing_number" WHEN instr(NEW."series", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_number holds NUL'); END
;
CREATE TRIGGER "billing_number_texts_UPDATE" BEFORE UPDATE OF "series" ON "billing_number" WHEN (NEW."series" IS NOT OLD."series" AND instr(NEW."series", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_number holds NUL'); END
;
CREATE TRIGGER "billing_party_texts_INSERT" BEFORE INSERT ON "billing_party" WHEN instr(NEW."vat_id", char(0)) OR instr(NEW."tax_number", char(0)) OR instr(NEW."iban", char(0)) OR instr(NEW."creditor_id", char(0)) OR instr(NEW."document_email", char(0)) OR instr(NEW."leitweg_id", char(0)) OR instr(NEW."contact_name", char(0)) OR instr(NEW."contact_phone", char(0)) OR instr(NEW."contact_email", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_party holds NUL'); END
;
CREATE TRIGGER "billing_party_texts_UPDATE" BEFORE UPDATE OF "vat_id", "tax_number", "iban", "creditor_id", "document_email", "leitweg_id", "contact_name", "contact_phone", "contact_email" ON "billing_party" WHEN (NEW."vat_id" IS NOT OLD."vat_id" AND instr(NEW."vat_id", char(0))) OR (NEW."tax_number" IS NOT OLD."tax_number" AND instr(NEW."tax_number", char(0))) OR (NEW."iban" IS NOT OLD."iban" AND instr(NEW."iban", char(0))) OR (NEW."creditor_id" IS NOT OLD."creditor_id" AND instr(NEW."creditor_id", char(0))) OR (NEW."document_email" IS NOT OLD."document_email" AND instr(NEW."document_email", char(0))) OR (NEW."leitweg_id" IS NOT OLD."leitweg_id" AND instr(NEW."leitweg_id", char(0))) OR (NEW."contact_name" IS NOT OLD."contact_name" AND instr(NEW."contact_name", char(0))) OR (NEW."contact_phone" IS NOT OLD."contact_phone" AND instr(NEW."contact_phone", char(0))) OR (NEW."contact_email" IS NOT OLD."contact_email" AND instr(NEW."contact_email", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_party holds NUL'); END
;
CREATE TRIGGER "billing_period_texts_INSERT" BEFORE INSERT ON "billing_period" WHEN instr(NEW."name", char(0)) OR instr(NEW."state", char(0)) OR instr(NEW."sha256", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_period holds NUL'); END
;
CREATE TRIGGER "billing_period_texts_UPDATE" BEFORE UPDATE OF "name", "state", "sha256" ON "billing_period" WHEN (NEW."name" IS NOT OLD."name" AND instr(NEW."name", char(0))) OR (NEW."state" IS NOT OLD."state" AND instr(NEW."state", char(0))) OR (NEW."sha256" IS NOT OLD."sha256" AND instr(NEW."sha256", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_period holds NUL'); END
;
CREATE TRIGGER "billing_pool_texts_INSERT" BEFORE INSERT ON "billing_pool" WHEN instr(NEW."name", char(0)) OR instr(NEW."charges_are", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_pool holds NUL'); END
;
CREATE TRIGGER "billing_pool_texts_UPDATE" BEFORE UPDATE OF "name", "charges_are" ON "billing_pool" WHEN (NEW."name" IS NOT OLD."name" AND instr(NEW."name", char(0))) OR (NEW."charges_are" IS NOT OLD."charges_are" AND instr(NEW."charges_are", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_pool holds NUL'); END
;
CREATE TRIGGER "billing_pool_key_texts_INSERT" BEFORE INSERT ON "billing_pool_key" WHEN instr(NEW."name", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_pool_key holds NUL'); END
;
CREATE TRIGGER "billing_pool_key_texts_UPDATE" BEFORE UPDATE OF "name" ON "billing_pool_key" WHEN (NEW."name" IS NOT OLD."name" AND instr(NEW."name", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_pool_key holds NUL'); END
;
CREATE TRIGGER "billing_pool_key_terms_texts_INSERT" BEFORE INSERT ON "billing_pool_key_terms" WHEN instr(NEW."meter_unit", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_pool_key_terms holds NUL'); END
;
CREATE TRIGGER "billing_pool_key_terms_texts_UPDATE" BEFORE UPDATE OF "meter_unit" ON "billing_pool_key_terms" WHEN (NEW."meter_unit" IS NOT OLD."meter_unit" AND instr(NEW."meter_unit", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_pool_key_terms holds NUL'); END
;
CREATE TRIGGER "billing_pool_scope_texts_INSERT" BEFORE INSERT ON "billing_pool_scope" WHEN instr(NEW."what", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_pool_scope holds NUL'); END
;
CREATE TRIGGER "billing_pool_scope_texts_UPDATE" BEFORE UPDATE OF "what" ON "billing_pool_scope" WHEN (NEW."what" IS NOT OLD."what" AND instr(NEW."what", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_pool_scope holds NUL'); END
;
CREATE TRIGGER "billing_posting_texts_INSERT" BEFORE INSERT ON "billing_posting" WHEN instr(NEW."topic", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_posting holds NUL'); END
;
CREATE TRIGGER "billing_posting_texts_UPDATE" BEFORE UPDATE OF "topic" ON "billing_posting" WHEN (NEW."topic" IS NOT OLD."topic" AND instr(NEW."topic", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_posting holds NUL'); END
;
CREATE TRIGGER "billing_recurring_cost_texts_INSERT" BEFORE INSERT ON "billing_recurring_cost" WHEN instr(NEW."name", char(0)) OR instr(NEW."supplier", char(0)) OR instr(NEW."kind", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_recurring_cost holds NUL'); END
;
CREATE TRIGGER "billing_recurring_cost_texts_UPDATE" BEFORE UPDATE OF "name", "supplier", "kind" ON "billing_recurring_cost" WHEN (NEW."name" IS NOT OLD."name" AND instr(NEW."name", char(0))) OR (NEW."supplier" IS NOT OLD."supplier" AND instr(NEW."supplier", char(0))) OR (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_recurring_cost holds NUL'); END
;
CREATE TRIGGER "billing_stock_move_texts_INSERT" BEFORE INSERT ON "billing_stock_move" WHEN instr(NEW."kind", char(0)) OR instr(NEW."note", char(0)) OR instr(NEW."form_key", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_stock_move holds NUL'); END
;
CREATE TRIGGER "billing_stock_move_texts_UPDATE" BEFORE UPDATE OF "kind", "note", "form_key" ON "billing_stock_move" WHEN (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0))) OR (NEW."note" IS NOT OLD."note" AND instr(NEW."note", char(0))) OR (NEW."form_key" IS NOT OLD."form_key" AND instr(NEW."form_key", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_stock_move holds NUL'); END
;
CREATE TRIGGER "billing_tariff_texts_INSERT" BEFORE INSERT ON "billing_tariff" WHEN instr(NEW."charge_unit", char(0)) OR instr(NEW."basis", char(0)) OR instr(NEW."tax_code", char(0)) OR instr(NEW."note", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_tariff holds NUL'); END
;
CREATE TRIGGER "billing_tariff_texts_UPDATE" BEFORE UPDATE OF "charge_unit", "basis", "tax_code", "note" ON "billing_tariff" WHEN (NEW."charge_unit" IS NOT OLD."charge_unit" AND instr(NEW."charge_unit", char(0))) OR (NEW."basis" IS NOT OLD."basis" AND instr(NEW."basis", char(0))) OR (NEW."tax_code" IS NOT OLD."tax_code" AND instr(NEW."tax_code", char(0))) OR (NEW."note" IS NOT OLD."note" AND instr(NEW."note", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_tariff holds NUL'); END
;
CREATE TRIGGER "billing_tariff_adjustment_texts_INSERT" BEFORE INSERT ON "billing_tariff_adjustment" WHEN instr(NEW."name", char(0)) OR instr(NEW."kind", char(0)) OR instr(NEW."applies", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_tariff_adjustment holds NUL'); END
;
CREATE TRIGGER "billing_tariff_adjustment_texts_UPDATE" BEFORE UPDATE OF "name", "kind", "applies" ON "billing_tariff_adjustment" WHEN (NEW."name" IS NOT OLD."name" AND instr(NEW."name", char(0))) OR (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0))) OR (NEW."applies" IS NOT OLD."applies" AND instr(NEW."applies", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_tariff_adjustment holds NUL'); END
;
CREATE TRIGGER "billing_tariff_line_texts_INSERT" BEFORE INSERT ON "billing_tariff_line" WHEN instr(NEW."name", char(0)) OR instr(NEW."charge_unit", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_tariff_line holds NUL'); END
;
CREATE TRIGGER "billing_tariff_line_texts_UPDATE" BEFORE UPDATE OF "name", "charge_unit" ON "billing_tariff_line" WHEN (NEW."name" IS NOT OLD."name" AND instr(NEW."name", char(0))) OR (NEW."charge_unit" IS NOT OLD."charge_unit" AND instr(NEW."charge_unit", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_tariff_line holds NUL'); END
;
CREATE TRIGGER "billing_tariff_price_texts_INSERT" BEFORE INSERT ON "billing_tariff_price" WHEN instr(NEW."price_class", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_tariff_price holds NUL'); END
;
CREATE TRIGGER "billing_tariff_price_texts_UPDATE" BEFORE UPDATE OF "price_class" ON "billing_tariff_price" WHEN (NEW."price_class" IS NOT OLD."price_class" AND instr(NEW."price_class", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_tariff_price holds NUL'); END
;
CREATE TRIGGER "billing_tariff_tier_texts_INSERT" BEFORE INSERT ON "billing_tariff_tier" WHEN instr(NEW."price_class", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_tariff_tier holds NUL'); END
;
CREATE TRIGGER "billing_tariff_tier_texts_UPDATE" BEFORE UPDATE OF "price_class" ON "billing_tariff_tier" WHEN (NEW."price_class" IS NOT OLD."price_class" AND instr(NEW."price_class", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_tariff_tier holds NUL'); END
;
CREATE TRIGGER "billing_vat_rate_texts_INSERT" BEFORE INSERT ON "billing_vat_rate" WHEN instr(NEW."code", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_vat_rate holds NUL'); END
;
CREATE TRIGGER "billing_vat_rate_texts_UPDATE" BEFORE UPDATE OF "code" ON "billing_vat_rate" WHEN (NEW."code" IS NOT OLD."code" AND instr(NEW."code", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_vat_rate holds NUL'); END
;
CREATE TRIGGER "billing_vat_regime_texts_INSERT" BEFORE INSERT ON "billing_vat_regime" WHEN instr(NEW."regime", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_vat_regime holds NUL'); END
;
CREATE TRIGGER "billing_vat_regime_texts_UPDATE" BEFORE UPDATE OF "regime" ON "billing_vat_regime" WHEN (NEW."regime" IS NOT OLD."regime" AND instr(NEW."regime", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_vat_regime holds NUL'); END
;
CREATE TRIGGER "billing_vat_text_texts_INSERT" BEFORE INSERT ON "billing_vat_text" WHEN instr(NEW."reason", char(0)) OR instr(NEW."text", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of billing_vat_text holds NUL'); END
;
CREATE TRIGGER "billing_vat_text_texts_UPDATE" BEFORE UPDATE OF "reason", "text" ON "billing_vat_text" WHEN (NEW."reason" IS NOT OLD."reason" AND instr(NEW."reason", char(0))) OR (NEW."text" IS NOT OLD."text" AND instr(NEW."text", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of billing_vat_text holds NUL'); END
;
CREATE TRIGGER "booking_announcement_texts_INSERT" BEFORE INSERT ON "booking_announcement" WHEN instr(NEW."text", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_announcement holds NUL'); END
;
CREATE TRIGGER "booking_announcement_texts_UPDATE" BEFORE UPDATE OF "text" ON "booking_announcement" WHEN (NEW."text" IS NOT OLD."text" AND instr(NEW."text", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_announcement holds NUL'); END
;
CREATE TRIGGER "booking_blocking_texts_INSERT" BEFORE INSERT ON "booking_blocking" WHEN instr(NEW."hold_kind", char(0)) OR instr(NEW."reason", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_blocking holds NUL'); END
;
CREATE TRIGGER "booking_blocking_texts_UPDATE" BEFORE UPDATE OF "hold_kind", "reason" ON "booking_blocking" WHEN (NEW."hold_kind" IS NOT OLD."hold_kind" AND instr(NEW."hold_kind", char(0))) OR (NEW."reason" IS NOT OLD."reason" AND instr(NEW."reason", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_blocking holds NUL'); END
;
CREATE TRIGGER "booking_closure_series_texts_INSERT" BEFORE INSERT ON "booking_closure_series" WHEN instr(NEW."rrule", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_closure_series holds NUL'); END
;
CREATE TRIGGER "booking_closure_series_texts_UPDATE" BEFORE UPDATE OF "rrule" ON "booking_closure_series" WHEN (NEW."rrule" IS NOT OLD."rrule" AND instr(NEW."rrule", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_closure_series holds NUL'); END
;
CREATE TRIGGER "booking_course_texts_INSERT" BEFORE INSERT ON "booking_course" WHEN instr(NEW."place", char(0)) OR instr(NEW."price_note", char(0)) OR instr(NEW."note", char(0)) OR instr(NEW."trainer_name", char(0)) OR instr(NEW."cancel_reason", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_course holds NUL'); END
;
CREATE TRIGGER "booking_course_texts_UPDATE" BEFORE UPDATE OF "place", "price_note", "note", "trainer_name", "cancel_reason" ON "booking_course" WHEN (NEW."place" IS NOT OLD."place" AND instr(NEW."place", char(0))) OR (NEW."price_note" IS NOT OLD."price_note" AND instr(NEW."price_note", char(0))) OR (NEW."note" IS NOT OLD."note" AND instr(NEW."note", char(0))) OR (NEW."trainer_name" IS NOT OLD."trainer_name" AND instr(NEW."trainer_name", char(0))) OR (NEW."cancel_reason" IS NOT OLD."cancel_reason" AND instr(NEW."cancel_reason", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_course holds NUL'); END
;
CREATE TRIGGER "booking_course_signup_texts_INSERT" BEFORE INSERT ON "booking_course_signup" WHEN instr(NEW."person_name", char(0)) OR instr(NEW."person_key", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_course_signup holds NUL'); END
;
CREATE TRIGGER "booking_course_signup_texts_UPDATE" BEFORE UPDATE OF "person_name", "person_key" ON "booking_course_signup" WHEN (NEW."person_name" IS NOT OLD."person_name" AND instr(NEW."person_name", char(0))) OR (NEW."person_key" IS NOT OLD."person_key" AND instr(NEW."person_key", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_course_signup holds NUL'); END
;
CREATE TRIGGER "booking_damage_report_texts_INSERT" BEFORE INSERT ON "booking_damage_report" WHEN instr(NEW."text", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_damage_report holds NUL'); END
;
CREATE TRIGGER "booking_damage_report_texts_UPDATE" BEFORE UPDATE OF "text" ON "booking_damage_report" WHEN (NEW."text" IS NOT OLD."text" AND instr(NEW."text", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_damage_report holds NUL'); END
;
CREATE TRIGGER "booking_deleted_id_texts_INSERT" BEFORE INSERT ON "booking_deleted_id" WHEN instr(NEW."table_name", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_deleted_id holds NUL'); END
;
CREATE TRIGGER "booking_deleted_id_texts_UPDATE" BEFORE UPDATE OF "table_name" ON "booking_deleted_id" WHEN (NEW."table_name" IS NOT OLD."table_name" AND instr(NEW."table_name", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_deleted_id holds NUL'); END
;
CREATE TRIGGER "booking_event_cursor_texts_INSERT" BEFORE INSERT ON "booking_event_cursor" WHEN instr(NEW."consumer", char(0)) OR instr(NEW."seen_writers", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_event_cursor holds NUL'); END
;
CREATE TRIGGER "booking_event_cursor_texts_UPDATE" BEFORE UPDATE OF "consumer", "seen_writers" ON "booking_event_cursor" WHEN (NEW."consumer" IS NOT OLD."consumer" AND instr(NEW."consumer", char(0))) OR (NEW."seen_writers" IS NOT OLD."seen_writers" AND instr(NEW."seen_writers", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_event_cursor holds NUL'); END
;
CREATE TRIGGER "booking_event_delivery_texts_INSERT" BEFORE INSERT ON "booking_event_delivery" WHEN instr(NEW."subscriber", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_event_delivery holds NUL'); END
;
CREATE TRIGGER "booking_event_delivery_texts_UPDATE" BEFORE UPDATE OF "subscriber" ON "booking_event_delivery" WHEN (NEW."subscriber" IS NOT OLD."subscriber" AND instr(NEW."subscriber", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_event_delivery holds NUL'); END
;
CREATE TRIGGER "booking_event_failure_texts_INSERT" BEFORE INSERT ON "booking_event_failure" WHEN instr(NEW."subscriber", char(0)) OR instr(NEW."error", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_event_failure holds NUL'); END
;
CREATE TRIGGER "booking_event_failure_texts_UPDATE" BEFORE UPDATE OF "subscriber", "error" ON "booking_event_failure" WHEN (NEW."subscriber" IS NOT OLD."subscriber" AND instr(NEW."subscriber", char(0))) OR (NEW."error" IS NOT OLD."error" AND instr(NEW."error", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_event_failure holds NUL'); END
;
CREATE TRIGGER "booking_exchange_texts_INSERT" BEFORE INSERT ON "booking_exchange" WHEN instr(NEW."note", char(0)) OR instr(NEW."state", char(0)) OR instr(NEW."receivers_second", char(0)) OR instr(NEW."proposers_second", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_exchange holds NUL'); END
;
CREATE TRIGGER "booking_exchange_texts_UPDATE" BEFORE UPDATE OF "note", "state", "receivers_second", "proposers_second" ON "booking_exchange" WHEN (NEW."note" IS NOT OLD."note" AND instr(NEW."note", char(0))) OR (NEW."state" IS NOT OLD."state" AND instr(NEW."state", char(0))) OR (NEW."receivers_second" IS NOT OLD."receivers_second" AND instr(NEW."receivers_second", char(0))) OR (NEW."proposers_second" IS NOT OLD."proposers_second" AND instr(NEW."proposers_second", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_exchange holds NUL'); END
;
CREATE TRIGGER "booking_former_price_class_texts_INSERT" BEFORE INSERT ON "booking_former_price_class" WHEN instr(NEW."price_class", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_former_price_class holds NUL'); END
;
CREATE TRIGGER "booking_former_price_class_texts_UPDATE" BEFORE UPDATE OF "price_class" ON "booking_former_price_class" WHEN (NEW."price_class" IS NOT OLD."price_class" AND instr(NEW."price_class", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_former_price_class holds NUL'); END
;
CREATE TRIGGER "booking_hold_texts_INSERT" BEFORE INSERT ON "booking_hold" WHEN instr(NEW."kind", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_hold holds NUL'); END
;
CREATE TRIGGER "booking_hold_texts_UPDATE" BEFORE UPDATE OF "kind" ON "booking_hold" WHEN (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_hold holds NUL'); END
;
CREATE TRIGGER "booking_induction_texts_INSERT" BEFORE INSERT ON "booking_induction" WHEN instr(NEW."given_by", char(0)) OR instr(NEW."person_name", char(0)) OR instr(NEW."level", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_induction holds NUL'); END
;
CREATE TRIGGER "booking_induction_texts_UPDATE" BEFORE UPDATE OF "given_by", "person_name", "level" ON "booking_induction" WHEN (NEW."given_by" IS NOT OLD."given_by" AND instr(NEW."given_by", char(0))) OR (NEW."person_name" IS NOT OLD."person_name" AND instr(NEW."person_name", char(0))) OR (NEW."level" IS NOT OLD."level" AND instr(NEW."level", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_induction holds NUL'); END
;
CREATE TRIGGER "booking_induction_kind_texts_INSERT" BEFORE INSERT ON "booking_induction_kind" WHEN instr(NEW."name", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_induction_kind holds NUL'); END
;
CREATE TRIGGER "booking_induction_kind_texts_UPDATE" BEFORE UPDATE OF "name" ON "booking_induction_kind" WHEN (NEW."name" IS NOT OLD."name" AND instr(NEW."name", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_induction_kind holds NUL'); END
;
CREATE TRIGGER "booking_machine_texts_INSERT" BEFORE INSERT ON "booking_machine" WHEN instr(NEW."slug", char(0)) OR instr(NEW."name", char(0)) OR instr(NEW."kind", char(0)) OR instr(NEW."description", char(0)) OR instr(NEW."location", char(0)) OR instr(NEW."charge_unit", char(0)) OR instr(NEW."sort", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_machine holds NUL'); END
;
CREATE TRIGGER "booking_machine_texts_UPDATE" BEFORE UPDATE OF "slug", "name", "kind", "description", "location", "charge_unit", "sort" ON "booking_machine" WHEN (NEW."slug" IS NOT OLD."slug" AND instr(NEW."slug", char(0))) OR (NEW."name" IS NOT OLD."name" AND instr(NEW."name", char(0))) OR (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0))) OR (NEW."description" IS NOT OLD."description" AND instr(NEW."description", char(0))) OR (NEW."location" IS NOT OLD."location" AND instr(NEW."location", char(0))) OR (NEW."charge_unit" IS NOT OLD."charge_unit" AND instr(NEW."charge_unit", char(0))) OR (NEW."sort" IS NOT OLD."sort" AND instr(NEW."sort", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_machine holds NUL'); END
;
CREATE TRIGGER "booking_machine_group_texts_INSERT" BEFORE INSERT ON "booking_machine_group" WHEN instr(NEW."name", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_machine_group holds NUL'); END
;
CREATE TRIGGER "booking_machine_group_texts_UPDATE" BEFORE UPDATE OF "name" ON "booking_machine_group" WHEN (NEW."name" IS NOT OLD."name" AND instr(NEW."name", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_machine_group holds NUL'); END
;
CREATE TRIGGER "booking_maintenance_texts_INSERT" BEFORE INSERT ON "booking_maintenance" WHEN instr(NEW."name", char(0)) OR instr(NEW."charge_unit", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_maintenance holds NUL'); END
;
CREATE TRIGGER "booking_maintenance_texts_UPDATE" BEFORE UPDATE OF "name", "charge_unit" ON "booking_maintenance" WHEN (NEW."name" IS NOT OLD."name" AND instr(NEW."name", char(0))) OR (NEW."charge_unit" IS NOT OLD."charge_unit" AND instr(NEW."charge_unit", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_maintenance holds NUL'); END
;
CREATE TRIGGER "booking_maintenance_done_texts_INSERT" BEFORE INSERT ON "booking_maintenance_done" WHEN instr(NEW."note", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_maintenance_done holds NUL'); END
;
CREATE TRIGGER "booking_maintenance_done_texts_UPDATE" BEFORE UPDATE OF "note" ON "booking_maintenance_done" WHEN (NEW."note" IS NOT OLD."note" AND instr(NEW."note", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_maintenance_done holds NUL'); END
;
CREATE TRIGGER "booking_member_texts_INSERT" BEFORE INSERT ON "booking_member" WHEN instr(NEW."number", char(0)) OR instr(NEW."name", char(0)) OR instr(NEW."trade", char(0)) OR instr(NEW."email", char(0)) OR instr(NEW."phone", char(0)) OR instr(NEW."address_name", char(0)) OR instr(NEW."address_street", char(0)) OR instr(NEW."address_postcode", char(0)) OR instr(NEW."address_town", char(0)) OR instr(NEW."address_country", char(0)) OR instr(NEW."address_text", char(0)) OR instr(NEW."price_class", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_member holds NUL'); END
;
CREATE TRIGGER "booking_member_texts_UPDATE" BEFORE UPDATE OF "number", "name", "trade", "email", "phone", "address_name", "address_street", "address_postcode", "address_town", "address_country", "address_text", "price_class" ON "booking_member" WHEN (NEW."number" IS NOT OLD."number" AND instr(NEW."number", char(0))) OR (NEW."name" IS NOT OLD."name" AND instr(NEW."name", char(0))) OR (NEW."trade" IS NOT OLD."trade" AND instr(NEW."trade", char(0))) OR (NEW."email" IS NOT OLD."email" AND instr(NEW."email", char(0))) OR (NEW."phone" IS NOT OLD."phone" AND instr(NEW."phone", char(0))) OR (NEW."address_name" IS NOT OLD."address_name" AND instr(NEW."address_name", char(0))) OR (NEW."address_street" IS NOT OLD."address_street" AND instr(NEW."address_street", char(0))) OR (NEW."address_postcode" IS NOT OLD."address_postcode" AND instr(NEW."address_postcode", char(0))) OR (NEW."address_town" IS NOT OLD."address_town" AND instr(NEW."address_town", char(0))) OR (NEW."address_country" IS NOT OLD."address_country" AND instr(NEW."address_country", char(0))) OR (NEW."address_text" IS NOT OLD."address_text" AND instr(NEW."address_text", char(0))) OR (NEW."price_class" IS NOT OLD."price_class" AND instr(NEW."price_class", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_member holds NUL'); END
;
CREATE TRIGGER "booking_member_names_texts_INSERT" BEFORE INSERT ON "booking_member_names" WHEN instr(NEW."version", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_member_names holds NUL'); END
;
CREATE TRIGGER "booking_member_names_texts_UPDATE" BEFORE UPDATE OF "version" ON "booking_member_names" WHEN (NEW."version" IS NOT OLD."version" AND instr(NEW."version", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_member_names holds NUL'); END
;
CREATE TRIGGER "booking_offer_texts_INSERT" BEFORE INSERT ON "booking_offer" WHEN instr(NEW."hold_kind", char(0)) OR instr(NEW."state", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_offer holds NUL'); END
;
CREATE TRIGGER "booking_offer_texts_UPDATE" BEFORE UPDATE OF "hold_kind", "state" ON "booking_offer" WHEN (NEW."hold_kind" IS NOT OLD."hold_kind" AND instr(NEW."hold_kind", char(0))) OR (NEW."state" IS NOT OLD."state" AND instr(NEW."state", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_offer holds NUL'); END
;
CREATE TRIGGER "booking_photo_texts_INSERT" BEFORE INSERT ON "booking_photo" WHEN instr(NEW."media_type", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_photo holds NUL'); END
;
CREATE TRIGGER "booking_photo_texts_UPDATE" BEFORE UPDATE OF "media_type" ON "booking_photo" WHEN (NEW."media_type" IS NOT OLD."media_type" AND instr(NEW."media_type", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_photo holds NUL'); END
;
CREATE TRIGGER "booking_price_class_texts_INSERT" BEFORE INSERT ON "booking_price_class" WHEN instr(NEW."code", char(0)) OR instr(NEW."name_de", char(0)) OR instr(NEW."name_en", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_price_class holds NUL'); END
;
CREATE TRIGGER "booking_price_class_texts_UPDATE" BEFORE UPDATE OF "code", "name_de", "name_en" ON "booking_price_class" WHEN (NEW."code" IS NOT OLD."code" AND instr(NEW."code", char(0))) OR (NEW."name_de" IS NOT OLD."name_de" AND instr(NEW."name_de", char(0))) OR (NEW."name_en" IS NOT OLD."name_en" AND instr(NEW."name_en", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_price_class holds NUL'); END
;
CREATE TRIGGER "booking_quota_texts_INSERT" BEFORE INSERT ON "booking_quota" WHEN instr(NEW."price_class", char(0)) OR instr(NEW."measure", char(0)) OR instr(NEW."period", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_quota holds NUL'); END
;
CREATE TRIGGER "booking_quota_texts_UPDATE" BEFORE UPDATE OF "price_class", "measure", "period" ON "booking_quota" WHEN (NEW."price_class" IS NOT OLD."price_class" AND instr(NEW."price_class", char(0))) OR (NEW."measure" IS NOT OLD."measure" AND instr(NEW."measure", char(0))) OR (NEW."period" IS NOT OLD."period" AND instr(NEW."period", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_quota holds NUL'); END
;
CREATE TRIGGER "booking_replan_told_texts_INSERT" BEFORE INSERT ON "booking_replan_told" WHEN instr(NEW."told_as", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_replan_told holds NUL'); END
;
CREATE TRIGGER "booking_replan_told_texts_UPDATE" BEFORE UPDATE OF "told_as" ON "booking_replan_told" WHEN (NEW."told_as" IS NOT OLD."told_as" AND instr(NEW."told_as", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_replan_told holds NUL'); END
;
CREATE TRIGGER "booking_replanned_texts_INSERT" BEFORE INSERT ON "booking_replanned" WHEN instr(NEW."kind", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_replanned holds NUL'); END
;
CREATE TRIGGER "booking_replanned_texts_UPDATE" BEFORE UPDATE OF "kind" ON "booking_replanned" WHEN (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_replanned holds NUL'); END
;
CREATE TRIGGER "booking_reservation_texts_INSERT" BEFORE INSERT ON "booking_reservation" WHEN instr(NEW."hold_kind", char(0)) OR instr(NEW."uid", char(0)) OR instr(NEW."purpose", char(0)) OR instr(NEW."status", char(0)) OR instr(NEW."reason", char(0)) OR instr(NEW."second_person", char(0)) OR instr(NEW."choices", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_reservation holds NUL'); END
;
CREATE TRIGGER "booking_reservation_texts_UPDATE" BEFORE UPDATE OF "hold_kind", "uid", "purpose", "status", "reason", "second_person", "choices" ON "booking_reservation" WHEN (NEW."hold_kind" IS NOT OLD."hold_kind" AND instr(NEW."hold_kind", char(0))) OR (NEW."uid" IS NOT OLD."uid" AND instr(NEW."uid", char(0))) OR (NEW."purpose" IS NOT OLD."purpose" AND instr(NEW."purpose", char(0))) OR (NEW."status" IS NOT OLD."status" AND instr(NEW."status", char(0))) OR (NEW."reason" IS NOT OLD."reason" AND instr(NEW."reason", char(0))) OR (NEW."second_person" IS NOT OLD."second_person" AND instr(NEW."second_person", char(0))) OR (NEW."choices" IS NOT OLD."choices" AND instr(NEW."choices", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_reservation holds NUL'); END
;
CREATE TRIGGER "booking_ring_texts_INSERT" BEFORE INSERT ON "booking_ring" WHEN instr(NEW."name", char(0)) OR instr(NEW."address_name", char(0)) OR instr(NEW."address_street", char(0)) OR instr(NEW."address_postcode", char(0)) OR instr(NEW."address_town", char(0)) OR instr(NEW."address_country", char(0)) OR instr(NEW."address_text", char(0)) OR instr(NEW."email", char(0)) OR instr(NEW."timezone", char(0)) OR instr(NEW."holidays_region", char(0)) OR instr(NEW."colour", char(0)) OR instr(NEW."wall_names", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_ring holds NUL'); END
;
CREATE TRIGGER "booking_ring_texts_UPDATE" BEFORE UPDATE OF "name", "address_name", "address_street", "address_postcode", "address_town", "address_country", "address_text", "email", "timezone", "holidays_region", "colour", "wall_names" ON "booking_ring" WHEN (NEW."name" IS NOT OLD."name" AND instr(NEW."name", char(0))) OR (NEW."address_name" IS NOT OLD."address_name" AND instr(NEW."address_name", char(0))) OR (NEW."address_street" IS NOT OLD."address_street" AND instr(NEW."address_street", char(0))) OR (NEW."address_postcode" IS NOT OLD."address_postcode" AND instr(NEW."address_postcode", char(0))) OR (NEW."address_town" IS NOT OLD."address_town" AND instr(NEW."address_town", char(0))) OR (NEW."address_country" IS NOT OLD."address_country" AND instr(NEW."address_country", char(0))) OR (NEW."address_text" IS NOT OLD."address_text" AND instr(NEW."address_text", char(0))) OR (NEW."email" IS NOT OLD."email" AND instr(NEW."email", char(0))) OR (NEW."timezone" IS NOT OLD."timezone" AND instr(NEW."timezone", char(0))) OR (NEW."holidays_region" IS NOT OLD."holidays_region" AND instr(NEW."holidays_region", char(0))) OR (NEW."colour" IS NOT OLD."colour" AND instr(NEW."colour", char(0))) OR (NEW."wall_names" IS NOT OLD."wall_names" AND instr(NEW."wall_names", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_ring holds NUL'); END
;
CREATE TRIGGER "booking_seal_texts_INSERT" BEFORE INSERT ON "booking_seal" WHEN instr(NEW."previous_digest", char(0)) OR instr(NEW."digest", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_seal holds NUL'); END
;
CREATE TRIGGER "booking_seal_texts_UPDATE" BEFORE UPDATE OF "previous_digest", "digest" ON "booking_seal" WHEN (NEW."previous_digest" IS NOT OLD."previous_digest" AND instr(NEW."previous_digest", char(0))) OR (NEW."digest" IS NOT OLD."digest" AND instr(NEW."digest", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_seal holds NUL'); END
;
CREATE TRIGGER "booking_series_texts_INSERT" BEFORE INSERT ON "booking_series" WHEN instr(NEW."uid", char(0)) OR instr(NEW."rrule", char(0)) OR instr(NEW."zone", char(0)) OR instr(NEW."wall_start", char(0)) OR instr(NEW."purpose", char(0)) OR instr(NEW."second_person", char(0)) OR instr(NEW."choices", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_series holds NUL'); END
;
CREATE TRIGGER "booking_series_texts_UPDATE" BEFORE UPDATE OF "uid", "rrule", "zone", "wall_start", "purpose", "second_person", "choices" ON "booking_series" WHEN (NEW."uid" IS NOT OLD."uid" AND instr(NEW."uid", char(0))) OR (NEW."rrule" IS NOT OLD."rrule" AND instr(NEW."rrule", char(0))) OR (NEW."zone" IS NOT OLD."zone" AND instr(NEW."zone", char(0))) OR (NEW."wall_start" IS NOT OLD."wall_start" AND instr(NEW."wall_start", char(0))) OR (NEW."purpose" IS NOT OLD."purpose" AND instr(NEW."purpose", char(0))) OR (NEW."second_person" IS NOT OLD."second_person" AND instr(NEW."second_person", char(0))) OR (NEW."choices" IS NOT OLD."choices" AND instr(NEW."choices", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_series holds NUL'); END
;
CREATE TRIGGER "booking_usage_texts_INSERT" BEFORE INSERT ON "booking_usage" WHEN instr(NEW."charge_unit", char(0)) OR instr(NEW."note_before", char(0)) OR instr(NEW."note_after", char(0)) OR instr(NEW."objection", char(0)) OR instr(NEW."answer", char(0)) OR instr(NEW."price_class", char(0)) OR instr(NEW."operator_name", char(0)) OR instr(NEW."supervisor_name", char(0)) OR instr(NEW."second_person", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_usage holds NUL'); END
;
CREATE TRIGGER "booking_usage_texts_UPDATE" BEFORE UPDATE OF "charge_unit", "note_before", "note_after", "objection", "answer", "price_class", "operator_name", "supervisor_name", "second_person" ON "booking_usage" WHEN (NEW."charge_unit" IS NOT OLD."charge_unit" AND instr(NEW."charge_unit", char(0))) OR (NEW."note_before" IS NOT OLD."note_before" AND instr(NEW."note_before", char(0))) OR (NEW."note_after" IS NOT OLD."note_after" AND instr(NEW."note_after", char(0))) OR (NEW."objection" IS NOT OLD."objection" AND instr(NEW."objection", char(0))) OR (NEW."answer" IS NOT OLD."answer" AND instr(NEW."answer", char(0))) OR (NEW."price_class" IS NOT OLD."price_class" AND instr(NEW."price_class", char(0))) OR (NEW."operator_name" IS NOT OLD."operator_name" AND instr(NEW."operator_name", char(0))) OR (NEW."supervisor_name" IS NOT OLD."supervisor_name" AND instr(NEW."supervisor_name", char(0))) OR (NEW."second_person" IS NOT OLD."second_person" AND instr(NEW."second_person", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_usage holds NUL'); END
;
CREATE TRIGGER "booking_usage_amount_texts_INSERT" BEFORE INSERT ON "booking_usage_amount" WHEN instr(NEW."name", char(0)) OR instr(NEW."charge_unit", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_usage_amount holds NUL'); END
;
CREATE TRIGGER "booking_usage_amount_texts_UPDATE" BEFORE UPDATE OF "name", "charge_unit" ON "booking_usage_amount" WHEN (NEW."name" IS NOT OLD."name" AND instr(NEW."name", char(0))) OR (NEW."charge_unit" IS NOT OLD."charge_unit" AND instr(NEW."charge_unit", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_usage_amount holds NUL'); END
;
CREATE TRIGGER "booking_usage_choice_texts_INSERT" BEFORE INSERT ON "booking_usage_choice" WHEN instr(NEW."name", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_usage_choice holds NUL'); END
;
CREATE TRIGGER "booking_usage_choice_texts_UPDATE" BEFORE UPDATE OF "name" ON "booking_usage_choice" WHEN (NEW."name" IS NOT OLD."name" AND instr(NEW."name", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_usage_choice holds NUL'); END
;
CREATE TRIGGER "booking_waiting_entry_texts_INSERT" BEFORE INSERT ON "booking_waiting_entry" WHEN instr(NEW."part", char(0)) OR instr(NEW."purpose", char(0)) OR instr(NEW."second_person", char(0)) OR instr(NEW."choices", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_waiting_entry holds NUL'); END
;
CREATE TRIGGER "booking_waiting_entry_texts_UPDATE" BEFORE UPDATE OF "part", "purpose", "second_person", "choices" ON "booking_waiting_entry" WHEN (NEW."part" IS NOT OLD."part" AND instr(NEW."part", char(0))) OR (NEW."purpose" IS NOT OLD."purpose" AND instr(NEW."purpose", char(0))) OR (NEW."second_person" IS NOT OLD."second_person" AND instr(NEW."second_person", char(0))) OR (NEW."choices" IS NOT OLD."choices" AND instr(NEW."choices", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_waiting_entry holds NUL'); END
;
CREATE TRIGGER "booking_workshop_texts_INSERT" BEFORE INSERT ON "booking_workshop" WHEN instr(NEW."slug", char(0)) OR instr(NEW."name", char(0)) OR instr(NEW."address_name", char(0)) OR instr(NEW."address_street", char(0)) OR instr(NEW."address_postcode", char(0)) OR instr(NEW."address_town", char(0)) OR instr(NEW."address_country", char(0)) OR instr(NEW."address_text", char(0)) OR instr(NEW."timezone", char(0)) OR instr(NEW."holidays_region", char(0)) OR instr(NEW."phone", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_workshop holds NUL'); END
;
CREATE TRIGGER "booking_workshop_texts_UPDATE" BEFORE UPDATE OF "slug", "name", "address_name", "address_street", "address_postcode", "address_town", "address_country", "address_text", "timezone", "holidays_region", "phone" ON "booking_workshop" WHEN (NEW."slug" IS NOT OLD."slug" AND instr(NEW."slug", char(0))) OR (NEW."name" IS NOT OLD."name" AND instr(NEW."name", char(0))) OR (NEW."address_name" IS NOT OLD."address_name" AND instr(NEW."address_name", char(0))) OR (NEW."address_street" IS NOT OLD."address_street" AND instr(NEW."address_street", char(0))) OR (NEW."address_postcode" IS NOT OLD."address_postcode" AND instr(NEW."address_postcode", char(0))) OR (NEW."address_town" IS NOT OLD."address_town" AND instr(NEW."address_town", char(0))) OR (NEW."address_country" IS NOT OLD."address_country" AND instr(NEW."address_country", char(0))) OR (NEW."address_text" IS NOT OLD."address_text" AND instr(NEW."address_text", char(0))) OR (NEW."timezone" IS NOT OLD."timezone" AND instr(NEW."timezone", char(0))) OR (NEW."holidays_region" IS NOT OLD."holidays_region" AND instr(NEW."holidays_region", char(0))) OR (NEW."phone" IS NOT OLD."phone" AND instr(NEW."phone", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_workshop holds NUL'); END
;
CREATE TRIGGER "booking_zone_change_texts_INSERT" BEFORE INSERT ON "booking_zone_change" WHEN instr(NEW."zone", char(0)) OR instr(NEW."version", char(0)) OR instr(NEW."former_zone", char(0)) OR instr(NEW."former_version", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_zone_change holds NUL'); END
;
CREATE TRIGGER "booking_zone_change_texts_UPDATE" BEFORE UPDATE OF "zone", "version", "former_zone", "former_version" ON "booking_zone_change" WHEN (NEW."zone" IS NOT OLD."zone" AND instr(NEW."zone", char(0))) OR (NEW."version" IS NOT OLD."version" AND instr(NEW."version", char(0))) OR (NEW."former_zone" IS NOT OLD."former_zone" AND instr(NEW."former_zone", char(0))) OR (NEW."former_version" IS NOT OLD."former_version" AND instr(NEW."former_version", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_zone_change holds NUL'); END
;
CREATE TRIGGER "booking_zone_clock_texts_INSERT" BEFORE INSERT ON "booking_zone_clock" WHEN instr(NEW."zone", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_zone_clock holds NUL'); END
;
CREATE TRIGGER "booking_zone_clock_texts_UPDATE" BEFORE UPDATE OF "zone" ON "booking_zone_clock" WHEN (NEW."zone" IS NOT OLD."zone" AND instr(NEW."zone", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_zone_clock holds NUL'); END
;
CREATE TRIGGER "booking_zone_rules_texts_INSERT" BEFORE INSERT ON "booking_zone_rules" WHEN instr(NEW."zone", char(0)) OR instr(NEW."version", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of booking_zone_rules holds NUL'); END
;
CREATE TRIGGER "booking_zone_rules_texts_UPDATE" BEFORE UPDATE OF "zone", "version" ON "booking_zone_rules" WHEN (NEW."zone" IS NOT OLD."zone" AND instr(NEW."zone", char(0))) OR (NEW."version" IS NOT OLD."version" AND instr(NEW."version", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of booking_zone_rules holds NUL'); END
;
CREATE TRIGGER "calendars_feed_texts_INSERT" BEFORE INSERT ON "calendars_feed" WHEN instr(NEW."token_hash", char(0)) OR instr(NEW."scope", char(0)) OR instr(NEW."privacy", char(0)) OR instr(NEW."label", char(0)) OR instr(NEW."language", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of calendars_feed holds NUL'); END
;
CREATE TRIGGER "calendars_feed_texts_UPDATE" BEFORE UPDATE OF "token_hash", "scope", "privacy", "label", "language" ON "calendars_feed" WHEN (NEW."token_hash" IS NOT OLD."token_hash" AND instr(NEW."token_hash", char(0))) OR (NEW."scope" IS NOT OLD."scope" AND instr(NEW."scope", char(0))) OR (NEW."privacy" IS NOT OLD."privacy" AND instr(NEW."privacy", char(0))) OR (NEW."label" IS NOT OLD."label" AND instr(NEW."label", char(0))) OR (NEW."language" IS NOT OLD."language" AND instr(NEW."language", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of calendars_feed holds NUL'); END
;
CREATE TRIGGER "import_last_texts_INSERT" BEFORE INSERT ON "import_last" WHEN instr(NEW."kind", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of import_last holds NUL'); END
;
CREATE TRIGGER "import_last_texts_UPDATE" BEFORE UPDATE OF "kind" ON "import_last" WHEN (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of import_last holds NUL'); END
;
CREATE TRIGGER "import_last_record_texts_INSERT" BEFORE INSERT ON "import_last_record" WHEN instr(NEW."kind", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of import_last_record holds NUL'); END
;
CREATE TRIGGER "import_last_record_texts_UPDATE" BEFORE UPDATE OF "kind" ON "import_last_record" WHEN (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of import_last_record holds NUL'); END
;
CREATE TRIGGER "import_remembered_columns_texts_INSERT" BEFORE INSERT ON "import_remembered_columns" WHEN instr(NEW."kind", char(0)) OR instr(NEW."shape", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of import_remembered_columns holds NUL'); END
;
CREATE TRIGGER "import_remembered_columns_texts_UPDATE" BEFORE UPDATE OF "kind", "shape" ON "import_remembered_columns" WHEN (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0))) OR (NEW."shape" IS NOT OLD."shape" AND instr(NEW."shape", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of import_remembered_columns holds NUL'); END
;
CREATE TRIGGER "installation_texts_INSERT" BEFORE INSERT ON "installation" WHEN instr(NEW."key_mark", char(0)) OR instr(NEW."worker", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of installation holds NUL'); END
;
CREATE TRIGGER "installation_texts_UPDATE" BEFORE UPDATE OF "key_mark", "worker" ON "installation" WHEN (NEW."key_mark" IS NOT OLD."key_mark" AND instr(NEW."key_mark", char(0))) OR (NEW."worker" IS NOT OLD."worker" AND instr(NEW."worker", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of installation holds NUL'); END
;
CREATE TRIGGER "job_run_texts_INSERT" BEFORE INSERT ON "job_run" WHEN instr(NEW."name", char(0)) OR instr(NEW."holder", char(0)) OR instr(NEW."outcome", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of job_run holds NUL'); END
;
CREATE TRIGGER "job_run_texts_UPDATE" BEFORE UPDATE OF "name", "holder", "outcome" ON "job_run" WHEN (NEW."name" IS NOT OLD."name" AND instr(NEW."name", char(0))) OR (NEW."holder" IS NOT OLD."holder" AND instr(NEW."holder", char(0))) OR (NEW."outcome" IS NOT OLD."outcome" AND instr(NEW."outcome", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of job_run holds NUL'); END
;
CREATE TRIGGER "mail_outbox_texts_INSERT" BEFORE INSERT ON "mail_outbox" WHEN instr(NEW."key", char(0)) OR instr(NEW."to_address", char(0)) OR instr(NEW."to_name", char(0)) OR instr(NEW."subject", char(0)) OR instr(NEW."body", char(0)) OR instr(NEW."calendar", char(0)) OR instr(NEW."last_error", char(0)) OR instr(NEW."off_url", char(0)) OR instr(NEW."language", char(0)) OR instr(NEW."tone", char(0)) OR instr(NEW."audience", char(0)) OR instr(NEW."recipient", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of mail_outbox holds NUL'); END
;
CREATE TRIGGER "mail_outbox_texts_UPDATE" BEFORE UPDATE OF "key", "to_address", "to_name", "subject", "body", "calendar", "last_error", "off_url", "language", "tone", "audience", "recipient" ON "mail_outbox" WHEN (NEW."key" IS NOT OLD."key" AND instr(NEW."key", char(0))) OR (NEW."to_address" IS NOT OLD."to_address" AND instr(NEW."to_address", char(0))) OR (NEW."to_name" IS NOT OLD."to_name" AND instr(NEW."to_name", char(0))) OR (NEW."subject" IS NOT OLD."subject" AND instr(NEW."subject", char(0))) OR (NEW."body" IS NOT OLD."body" AND instr(NEW."body", char(0))) OR (NEW."calendar" IS NOT OLD."calendar" AND instr(NEW."calendar", char(0))) OR (NEW."last_error" IS NOT OLD."last_error" AND instr(NEW."last_error", char(0))) OR (NEW."off_url" IS NOT OLD."off_url" AND instr(NEW."off_url", char(0))) OR (NEW."language" IS NOT OLD."language" AND instr(NEW."language", char(0))) OR (NEW."tone" IS NOT OLD."tone" AND instr(NEW."tone", char(0))) OR (NEW."audience" IS NOT OLD."audience" AND instr(NEW."audience", char(0))) OR (NEW."recipient" IS NOT OLD."recipient" AND instr(NEW."recipient", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of mail_outbox holds NUL'); END
;
CREATE TRIGGER "mail_suspension_texts_INSERT" BEFORE INSERT ON "mail_suspension" WHEN instr(NEW."reason", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of mail_suspension holds NUL'); END
;
CREATE TRIGGER "mail_suspension_texts_UPDATE" BEFORE UPDATE OF "reason" ON "mail_suspension" WHEN (NEW."reason" IS NOT OLD."reason" AND instr(NEW."reason", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of mail_suspension holds NUL'); END
;
CREATE TRIGGER "notifications_attached_entry_texts_INSERT" BEFORE INSERT ON "notifications_attached_entry" WHEN instr(NEW."recipient", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of notifications_attached_entry holds NUL'); END
;
CREATE TRIGGER "notifications_attached_entry_texts_UPDATE" BEFORE UPDATE OF "recipient" ON "notifications_attached_entry" WHEN (NEW."recipient" IS NOT OLD."recipient" AND instr(NEW."recipient", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of notifications_attached_entry holds NUL'); END
;
CREATE TRIGGER "notifications_cancel_link_texts_INSERT" BEFORE INSERT ON "notifications_cancel_link" WHEN instr(NEW."token_hash", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of notifications_cancel_link holds NUL'); END
;
CREATE TRIGGER "notifications_cancel_link_texts_UPDATE" BEFORE UPDATE OF "token_hash" ON "notifications_cancel_link" WHEN (NEW."token_hash" IS NOT OLD."token_hash" AND instr(NEW."token_hash", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of notifications_cancel_link holds NUL'); END
;
CREATE TRIGGER "notifications_course_link_texts_INSERT" BEFORE INSERT ON "notifications_course_link" WHEN instr(NEW."token_hash", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of notifications_course_link holds NUL'); END
;
CREATE TRIGGER "notifications_course_link_texts_UPDATE" BEFORE UPDATE OF "token_hash" ON "notifications_course_link" WHEN (NEW."token_hash" IS NOT OLD."token_hash" AND instr(NEW."token_hash", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of notifications_course_link holds NUL'); END
;
CREATE TRIGGER "notifications_exchange_link_texts_INSERT" BEFORE INSERT ON "notifications_exchange_link" WHEN instr(NEW."token_hash", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of notifications_exchange_link holds NUL'); END
;
CREATE TRIGGER "notifications_exchange_link_texts_UPDATE" BEFORE UPDATE OF "token_hash" ON "notifications_exchange_link" WHEN (NEW."token_hash" IS NOT OLD."token_hash" AND instr(NEW."token_hash", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of notifications_exchange_link holds NUL'); END
;
CREATE TRIGGER "notifications_mail_choice_texts_INSERT" BEFORE INSERT ON "notifications_mail_choice" WHEN instr(NEW."kind", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of notifications_mail_choice holds NUL'); END
;
CREATE TRIGGER "notifications_mail_choice_texts_UPDATE" BEFORE UPDATE OF "kind" ON "notifications_mail_choice" WHEN (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of notifications_mail_choice holds NUL'); END
;
CREATE TRIGGER "notifications_offer_link_texts_INSERT" BEFORE INSERT ON "notifications_offer_link" WHEN instr(NEW."token_hash", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of notifications_offer_link holds NUL'); END
;
CREATE TRIGGER "notifications_offer_link_texts_UPDATE" BEFORE UPDATE OF "token_hash" ON "notifications_offer_link" WHEN (NEW."token_hash" IS NOT OLD."token_hash" AND instr(NEW."token_hash", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of notifications_offer_link holds NUL'); END
;
CREATE TRIGGER "notifications_proposal_link_texts_INSERT" BEFORE INSERT ON "notifications_proposal_link" WHEN instr(NEW."token_hash", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of notifications_proposal_link holds NUL'); END
;
CREATE TRIGGER "notifications_proposal_link_texts_UPDATE" BEFORE UPDATE OF "token_hash" ON "notifications_proposal_link" WHEN (NEW."token_hash" IS NOT OLD."token_hash" AND instr(NEW."token_hash", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of notifications_proposal_link holds NUL'); END
;
CREATE TRIGGER "notifications_reminder_texts_INSERT" BEFORE INSERT ON "notifications_reminder" WHEN instr(NEW."kind", char(0))
BEGIN SELECT RAISE(ABORT, 'a text of notifications_reminder holds NUL'); END
;
CREATE TRIGGER "notifications_reminder_texts_UPDATE" BEFORE UPDATE OF "kind" ON "notifications_reminder" WHEN (NEW."kind" IS NOT OLD."kind" AND instr(NEW."kind", char(0)))
BEGIN SELECT RAISE(ABORT, 'a text of notifications_reminder holds NUL'); END
;
